#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "support/hostile_float_state.hpp"
#include "support/message.hpp"
#include "support/reseal.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

constexpr std::size_t kWeightsAt = 8 + kConfigBytes + 1 + 8 + 8;

// V = 4 rows of C = 4 stand first: the embedding.
ModelConfig config() { return test::smallest_config(Architecture::vanilla, 4); }

std::string loading(const Bytes& file) {
    return message_of<Error>([&] { (void)decode_model(test::resealed_model(file), "the file"); });
}

}  // namespace

TEST_CASE("int8: known rows: scale, levels, zeros, weights too small for any scale") {
    Model model(config());
    const std::vector<float> rows{
        1.0F,      -0.5F,     0.25F,      0.0F,   // largest 1 = 64 * 2^-6
        127.0F,    126.6F,    -127.0F,    0.4F,   // scale 1
        0.0F,      -0.0F,     0.0F,       0.0F,   // no scale
        0x1p-149F, 0x1p-140F, -0x1p-130F, 0.0F};  // below half of the smallest scale
    std::copy(rows.begin(), rows.end(), model.weights.begin());
    const Bytes bytes = weight_bytes(model, WeightFormatId::int8);
    CHECK(Bytes(bytes.begin(), bytes.begin() + 4) == Bytes{127 - 6, 127, 0, 0});
    const Bytes levels{64, 256 - 32, 16, 0, 127, 127, 256 - 127, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    CHECK(Bytes(bytes.begin() + 4, bytes.begin() + 20) == levels);
    CHECK(bytes.size() == weight_bytes_count(model.config, WeightFormatId::int8).value());
}

TEST_CASE(
    "int8: the errors are those of half a step at most, gains and biases are bf16, and bytes are a function "
    "of weights") {
    const test::HostileFloatState hostile;
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        Model model = initial_model(test::tiny_config(architecture), 3);
        Random random(4);
        for (float& weight : model.weights) {
            weight += static_cast<float>(0.1 * random.normal());
        }
        Model rounded = model;
        round_weights(rounded, WeightFormatId::int8);
        Model bf16 = model;
        round_weights(bf16, WeightFormatId::bf16);
        for (const Tensor& tensor : model.layout.tensors()) {
            for (std::size_t row = 0; row < tensor.rows; ++row) {
                float largest = 0;
                for (std::size_t i = 0; i < tensor.columns; ++i) {
                    largest =
                        std::max(largest, std::abs(model.weights[tensor.offset + row * tensor.columns + i]));
                }
                double squares = 0;
                for (std::size_t i = 0; i < tensor.columns; ++i) {
                    const std::size_t at = tensor.offset + row * tensor.columns + i;
                    if (tensor.rows == 1) {
                        REQUIRE(rounded.weights[at] == bf16.weights[at]);
                    }
                    squares += std::pow(double{rounded.weights[at]} - model.weights[at], 2);
                }
                // The scale that cuts nothing is at most largest / 63.5, and errs by half of it; its half is
                // chosen if better.
                REQUIRE(squares <= static_cast<double>(tensor.columns) * std::pow(largest / 63.5 / 2, 2));
            }
        }
        const Bytes stored = weight_bytes(model, WeightFormatId::int8);
        CHECK(weight_bytes(rounded, WeightFormatId::int8) == stored);
        CHECK(stored.size() < weight_bytes(model, WeightFormatId::bf16).size() * 6 / 10);
        CHECK(model_id(model, WeightFormatId::int8) == model_id(rounded, WeightFormatId::int8));
        CHECK(model_id(model, WeightFormatId::int8) != model_id(rounded, WeightFormatId::fp32));
    }
}

TEST_CASE("int8: forged rows are refused, so that equal weights have one model id") {
    const StoredModel model = test::noisy_model(config(), 2, WeightFormatId::int8);
    const Bytes file = encode_model(model.model, WeightFormatId::int8, nullptr);
    const auto with = [&](std::size_t place, int value) {
        Bytes changed = file;
        changed[kWeightsAt + place] = static_cast<std::uint8_t>(value);
        return loading(changed);
    };
    CHECK(loading(file).empty());
    CHECK(holds(with(0, 0), "row 0 of embedding does not fit its scale"));
    CHECK(holds(with(4, -128), "row 0 of embedding does not fit its scale"));
    CHECK(holds(with(0, 255), "is not a finite number"));
    Bytes small = file;
    for (std::size_t i = 4; i < 8; ++i) {
        small[kWeightsAt + i] = 63;  // half the scale would do
    }
    CHECK(holds(loading(small), "row 0 of embedding does not fit its scale"));
}

TEST_CASE("int8: weights that are not finite are refused, and what would be rounded to infinity") {
    Model model(config());
    model.weights[1] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS((void)weight_bytes(model, WeightFormatId::int8), Error);
    model.weights[1] = -std::numeric_limits<float>::max();
    CHECK(holds(message_of<Error>([&] { (void)weight_bytes(model, WeightFormatId::int8); }), "weight 1 "));
    model.weights[1] = -0x1.fcp127F;  // 127 * 2^121
    const StoredModel back = decode_model(encode_model(model, WeightFormatId::int8, nullptr), "the file");
    CHECK(back.model.weights[1] == model.weights[1]);
}

TEST_CASE(
    "converted: a new precision is a new model with the old record; the same precision is the same model") {
    StoredModel model = test::noisy_model(test::tiny_config(Architecture::modern), 1);
    model.record.tokens = 77;
    model.record.validation_bits_per_byte = 2;
    const StoredModel same = converted(model, WeightFormatId::bf16);
    CHECK(same.id == model.id);
    CHECK(same.record.validation_bits_per_byte == 2);
    const StoredModel small = converted(model, WeightFormatId::int8);
    CHECK(small.id != model.id);
    CHECK(small.format == WeightFormatId::int8);
    CHECK(small.record.tokens == 77);
    CHECK(small.record.validation_bits_per_byte == 0);
    CHECK(holds(small.record.options, "exported_from=" + hex64(model.id)));
    const StoredModel wide = converted(model, WeightFormatId::fp32);
    CHECK(wide.model.weights == model.model.weights);
    CHECK(wide.id != model.id);
}

TEST_CASE("every format: the bytes that it says, what is read back is the projection, which stays as it is") {
    const test::HostileFloatState hostile;
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        Model model = initial_model(test::tiny_config(architecture), 3);
        Random random(4);
        for (float& weight : model.weights) {
            weight += static_cast<float>(0.1 * random.normal());
        }
        for (const WeightFormat* format : kWeightFormats) {
            CAPTURE(format->name);
            CHECK(is_weight_format(static_cast<std::uint8_t>(format->id)));
            CHECK(parse_weight_format(format->name) == format->id);
            const Bytes bytes = weight_bytes(model, format->id);
            CHECK(bytes.size() == weight_bytes_count(model.config, format->id).value_or(bytes.size()));
            Model projected = model;
            round_weights(projected, format->id);
            Model read(model.config);
            ByteReader reader(bytes, "the test");
            read_weights(reader, format->id, read, "the test");
            CHECK(read.weights == projected.weights);
            CHECK(weight_bytes(projected, format->id) == bytes);
            round_weights(projected, format->id);
            CHECK(read.weights == projected.weights);

            Model broken = model;
            broken.weights.back() = std::numeric_limits<float>::infinity();
            const Floats before = broken.weights;
            CHECK_THROWS_AS(round_weights(broken, format->id), Error);
            CHECK(broken.weights == before);
        }
    }
    for (const int number : {0, 6, 255}) {
        CHECK_FALSE(is_weight_format(static_cast<std::uint8_t>(number)));
    }
}
