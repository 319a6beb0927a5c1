#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/model/specs.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::model;

TEST_CASE("presets of the paper have exactly its parameters") {
    CHECK(parameter_count(preset_config("vanilla-200k")) == 231'936);
    CHECK(parameter_count(preset_config("vanilla-800k")) == 856'832);
    CHECK(parameter_count(preset_config("vanilla-3.2m")) == 3'286'272);
}

TEST_CASE("every preset is valid and its layout fills the flat array without gaps") {
    for (const std::string& name : preset_names()) {
        CAPTURE(name);
        const ModelConfig config = preset_config(name);
        CHECK_NOTHROW(validate(config));
        const Layout layout(network_spec(config));
        std::size_t next = 0;
        for (const Tensor& tensor : layout.tensors()) {
            CHECK(tensor.offset == next);
            next += tensor.size();
        }
        CHECK(next == layout.size);
        CHECK(next == parameter_count(config));
    }
}

TEST_CASE("an unknown preset is refused with the list of names") {
    const std::string text = test::message_of<UsageError>([] { (void)preset_config("900k"); });
    for (const std::string& name : preset_names()) {
        CHECK(text.find(name) != std::string::npos);
    }
}

TEST_CASE("a config survives writing and reading, and takes the bytes that it says") {
    for (const Arithmetic arithmetic : {Arithmetic::fp32, Arithmetic::bf16}) {
        ModelConfig config = preset_config("800k");
        config.arithmetic = arithmetic;
        config.cache = arithmetic == Arithmetic::fp32 ? CachePrecision::bf16 : CachePrecision::fp32;
        ByteWriter writer;
        write_config(writer, config);
        CHECK(writer.size() == kConfigBytes);
        ByteReader reader(writer.data(), "test");
        CHECK(read_config(reader) == config);
        CHECK(describe(config).find(std::string("products in ") + arithmetic_name(arithmetic)) !=
              std::string::npos);
        CHECK(describe(config).find(std::string("keys and values in ") + cache_name(config.cache)) !=
              std::string::npos);
    }
}

TEST_CASE("families with gains have the norms' epsilon behind the config, and heads of any even width") {
    ModelConfig config = preset_config("200k");
    config.architecture = Architecture{4};
    config.taps = 0;
    config.head_width = 6;
    config.norm_epsilon = 10'000;
    ByteWriter writer;
    write_config(writer, config);
    CHECK(writer.size() == kConfigBytes + 4);
    CHECK(config_bytes(4) == writer.size());
    CHECK(config_bytes(1) == kConfigBytes);
    ByteReader reader(writer.data(), "test");
    CHECK(read_config(reader) == config);
    const auto refused = [&](auto change, const char* field) {
        ModelConfig changed = config;
        change(changed);
        CHECK(test::message_of<Error>([&] { validate(changed); }).find(field) != std::string::npos);
    };
    refused([](ModelConfig& c) { c.head_width = 7; }, "head_width");
    refused([](ModelConfig& c) { c.norm_epsilon = 0; }, "epsilon");
    refused([](ModelConfig& c) { c.norm_epsilon = 100'000'001; }, "epsilon");
    refused([](ModelConfig& c) { c.taps = 1; }, "taps");
    refused([](ModelConfig& c) { c.architecture = Architecture::modern, c.head_width = 16; }, "epsilon");
    CHECK(network_spec(config).head.epsilon == 1e-5F);
    const std::uint64_t untied = parameter_count(config);
    config.architecture = Architecture{5};
    CHECK(parameter_count(config) == untied - 256 * 64);
}

TEST_CASE("configs that cannot run are refused and the field is named") {
    const auto refused = [](auto change, const char* field) {
        ModelConfig config = preset_config("200k");
        change(config);
        const std::string text = test::message_of<Error>([&] { validate(config); });
        CAPTURE(field);
        CHECK(text.find(field) != std::string::npos);
    };
    refused([](ModelConfig& c) { c.alphabet = 1; }, "alphabet");
    refused([](ModelConfig& c) { c.alphabet = 131073; }, "alphabet");
    refused([](ModelConfig& c) { c.width = 0; }, "width");
    refused([](ModelConfig& c) { c.width = 8193; }, "width");
    refused([](ModelConfig& c) { c.layers = 0; }, "layers");
    refused([](ModelConfig& c) { c.heads = 0; }, "heads");
    refused([](ModelConfig& c) { c.kv_heads = 3; }, "kv_heads");
    refused([](ModelConfig& c) { c.heads = 3, c.kv_heads = 2; }, "kv_heads");
    refused([](ModelConfig& c) { c.head_width = 24; }, "head_width");
    refused([](ModelConfig& c) { c.head_width = 144; }, "head_width");
    refused([](ModelConfig& c) { c.hidden = 0; }, "hidden");
    refused([](ModelConfig& c) { c.context = 0; }, "context");
    refused([](ModelConfig& c) { c.window = c.context + 1; }, "window");
    refused([](ModelConfig& c) { c.rotary_base = 1; }, "rotary_base");
    refused([](ModelConfig& c) { c.taps = kMostTaps + 1; }, "taps");
    refused([](ModelConfig& c) { c.architecture = Architecture::vanilla; }, "taps");
    refused([](ModelConfig& c) { c.architecture = Architecture{9}; }, "architecture");
    refused([](ModelConfig& c) { c.arithmetic = Arithmetic{2}; }, "arithmetic");
    refused([](ModelConfig& c) { c.cache = CachePrecision{2}; }, "cache is 2");
    refused([](ModelConfig& c) { c.arithmetic = Arithmetic::bf16, c.context = 1023; }, "context");
    refused([](ModelConfig& c) { c.width = 8192, c.hidden = 65536, c.layers = 256; }, "parameters");
    refused([](ModelConfig& c) { c.architecture = Architecture::vanilla, c.taps = 0; }, "window");
}

TEST_CASE(
    "operations are counted exactly: two per multiplied parameter, four H D per query and visible key") {
    ModelConfig config = preset_config("200k");
    config.window = 7;
    for (const auto& [first, count] :
         {std::pair{0U, 1U}, {0U, 6U}, {0U, 7U}, {0U, 30U}, {3U, 9U}, {20U, 5U}}) {
        double pairs = 0;
        for (std::uint32_t t = first; t < first + count; ++t) {
            pairs += std::min(t + 1, config.window);
        }
        const double expected = 2.0 * static_cast<double>(multiplied_parameter_count(config)) * count +
                                4.0 * config.layers * config.heads * config.head_width * pairs;
        CHECK(forward_flops(config, first, count) == expected);
    }
    CHECK(training_flops(config, 30) == 3 * forward_flops(config, 0, 30));
}

TEST_CASE("a fresh model is a function of its seed alone") {
    const ModelConfig config = preset_config("vanilla-200k");
    const Model one = initial_model(config, 7);
    const Model same = initial_model(config, 7);
    const Model other = initial_model(config, 8);
    CHECK(std::equal(one.weights.begin(), one.weights.end(), same.weights.begin()));
    CHECK_FALSE(std::equal(one.weights.begin(), one.weights.end(), other.weights.begin()));
}
