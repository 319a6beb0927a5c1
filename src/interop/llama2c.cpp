#include "bitlaw/interop/llama2c.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/interop/foreign_llama.hpp"
#include "bitlaw/model/config_facts.hpp"

namespace bitlaw::interop {

using namespace model;
using namespace symbols;

namespace {

constexpr Symbol kStart = 1;  // "<s>"
constexpr std::size_t kSpecial = 3;

struct Header {
    ModelConfig config;
    std::uint32_t context;
};

std::uint32_t positive(std::uint32_t field, const char* what, const std::string& name) {
    if (field == 0 || field > INT32_MAX) {
        fail(name, " is no model of llama2.c: its ", what, " is ", static_cast<std::int32_t>(field));
    }
    return field;
}

ModelConfig read_header(ByteReader& reader, const std::string& name) {
    std::array<std::uint32_t, 7> field{};
    for (std::uint32_t& value : field) {
        value = reader.u32();
    }
    const bool tied = field[5] <= INT32_MAX;
    ModelConfig config = llama_config(tied, 1e-5);
    config.width = positive(field[0], "width", name);
    config.hidden = positive(field[1], "hidden width", name);
    config.layers = positive(field[2], "number of layers", name);
    config.heads = positive(field[3], "number of heads", name);
    config.kv_heads = positive(field[4], "number of key-value heads", name);
    config.alphabet = positive(tied ? field[5] : 0 - field[5], "alphabet", name);
    config.context = config.window = positive(field[6], "context", name);
    if (config.width % config.heads != 0) {
        fail(name, " is no model of llama2.c: its width of ", config.width, " is no multiple of its ",
             config.heads, " heads");
    }
    config.head_width = config.width / config.heads;
    try {
        validate(config);
    } catch (const Error& error) {
        fail(name, " cannot be used: ", error.what());
    }
    return config;
}

// The file's tensors in its order: all layers of one part, then the next part.
constexpr Part kOrder[] = {Part::embedding,     Part::attention_gain, Part::query, Part::key,  Part::value,
                           Part::attention_out, Part::mlp_gain,       Part::gate,  Part::down, Part::up,
                           Part::output_gain};

bool in_layers(Part part) {
    return std::find(std::begin(kLayerParts), std::end(kLayerParts), part) != std::end(kLayerParts);
}

}  // namespace

Model read_llama2c(ByteSpan file, const std::string& name) {
    ByteReader reader(file, name);
    const ModelConfig config = read_header(reader, name);
    const bool tied = config.architecture == llama_config(true, 1e-5).architecture;
    const std::uint64_t angles = std::uint64_t{config.context} * config.head_width;  // cosines, then sines
    const std::uint64_t expected = sizeof(float) * (parameter_count(config) + angles);
    if (reader.remaining() != expected) {
        fail(name, " is no model of llama2.c, or damaged: ", reader.remaining(),
             " bytes follow its header, and its sizes need ", expected);
    }
    ForeignLlama llama(config, RotaryPairs::neighbours, kStart);
    std::vector<float> weights;
    const auto take = [&](Part part, std::size_t layer) {
        weights.resize(part_shape(config, part).size());
        for (float& weight : weights) {
            weight = reader.f32();
        }
        llama.set(part, layer, weights);
    };
    for (const Part part : kOrder) {
        for (std::size_t layer = 0; layer < (in_layers(part) ? config.layers : 1); ++layer) {
            take(part, layer);
        }
    }
    if (!tied) {
        (void)reader.bytes(static_cast<std::size_t>(sizeof(float) * angles));
        take(Part::output, 0);
    }
    return llama.take();
}

int byte_of_token(std::string_view token) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>') || digit(token[3]) < 0 ||
        digit(token[4]) < 0) {
        return -1;
    }
    return 16 * digit(token[3]) + digit(token[4]);
}

Vocabulary read_llama2c_tokenizer(ByteSpan file, std::uint32_t alphabet, const std::string& name) {
    ByteReader reader(file, name);
    (void)reader.u32();  // the longest token
    ForeignVocabulary foreign;
    foreign.leading_space = true;
    std::vector<float> scores;
    for (std::uint32_t token = 0; token < alphabet; ++token) {
        scores.push_back(reader.f32());
        const std::uint32_t length = reader.u32();
        if (!std::isfinite(scores.back()) || length > kMaxTokenBytes) {
            fail(name, " is no tokenizer of llama2.c for ", alphabet, " tokens: token ", token, " has ",
                 length, " bytes");
        }
        const ByteSpan bytes = reader.bytes(length);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        Bytes& own = foreign.tokens.emplace_back(bytes.begin(), bytes.end());
        if (const int byte = byte_of_token(text); byte >= 0) {
            own = {static_cast<std::uint8_t>(byte)};
        } else if (token < kSpecial) {
            own.clear();
        }
    }
    if (reader.remaining() != 0) {
        fail(name, " has ", reader.remaining(), " bytes behind its ", alphabet,
             " tokens; name the tokenizer that belongs to the model");
    }
    rank_by_scores(scores, foreign);
    return vocabulary_from(std::move(foreign), alphabet, kStart, name);
}

}  // namespace bitlaw::interop
