#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/interop/foreign_llama.hpp"
#include "bitlaw/interop/import.hpp"
#include "bitlaw/interop/llama2c.hpp"
#include "bitlaw/interop/own_model.hpp"
#include "bitlaw/interop/safetensors.hpp"
#include "bitlaw/interop/sentencepiece.hpp"
#include "bitlaw/interop/tokenizer_json.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/symbols/tokenizer.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::interop;
using namespace bitlaw::model;
using namespace bitlaw::symbols;
using namespace bitlaw::test;

namespace {

ByteSpan span_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

ModelConfig small_llama(bool tied) {
    ModelConfig config = llama_config(tied, 1e-5);
    config.alphabet = 7;
    config.width = 12;
    config.layers = 2;
    config.heads = 3;
    config.kv_heads = 1;
    config.head_width = 4;
    config.hidden = 5;
    config.context = config.window = 8;
    return config;
}

std::vector<float> random_floats(std::size_t count, Random& random) {
    std::vector<float> floats(count);
    for (float& value : floats) {
        value = static_cast<float>(random.normal());
    }
    return floats;
}

/// A file of llama2.c of that shape with random weights.
Bytes llama2c_file(bool tied) {
    const ModelConfig c = small_llama(tied);
    ByteWriter writer;
    for (const std::uint32_t field :
         {c.width, c.hidden, c.layers, c.heads, c.kv_heads, tied ? c.alphabet : 0 - c.alphabet, c.context}) {
        writer.u32(field);
    }
    Random random(3);
    const std::size_t angles = std::size_t{c.context} * c.head_width;
    for (const float value : random_floats(parameter_count(network_spec(c)) + angles, random)) {
        writer.f32(value);
    }
    return writer.take();
}

Bytes llama2c_tokenizer() {
    ByteWriter writer;
    writer.u32(6);
    const std::vector<std::pair<std::string, float>> tokens = {
        {"<unk>", 0}, {"\n<s>\n", 0}, {"\n</s>\n", 0}, {"<0x0A>", 0}, {"a", -1}, {"aa", -3}, {"b", -2}};
    for (const auto& [text, score] : tokens) {
        writer.f32(score);
        writer.u32(static_cast<std::uint32_t>(text.size()));
        writer.bytes(span_of(text));
    }
    return writer.take();
}

/// A field of a protocol buffer that holds bytes.
void add_part(ByteWriter& writer, std::uint64_t number, ByteSpan bytes) {
    writer.varint(number << 3 | 2);
    writer.varint(bytes.size());
    writer.bytes(bytes);
}

/// A model of SentencePiece: pieces with scores and types, the kind of model, and what else there may be.
Bytes sentencepiece_file(std::uint64_t model_type = 2, bool has_prefix = true) {
    struct Piece {
        std::string text;
        float score;
        std::uint64_t type;
    };
    const std::vector<Piece> pieces = {{"<unk>", 0, 2},
                                       {"<s>", 0, 3},
                                       {"</s>", 0, 3},
                                       {"<0x0A>", 0, 6},
                                       {"ab", -2, 1},
                                       {"bc", -1, 1},
                                       {"\xE2\x96\x81"
                                        "a",
                                        -3, 1},
                                       {"a", -4, 1},
                                       {"b", -5, 1},
                                       {"c", -6, 4},
                                       {"x", -7, 5}};
    ByteWriter writer;
    for (const Piece& piece : pieces) {
        ByteWriter own;
        add_part(own, 1, span_of(piece.text));
        own.varint(2 << 3 | 5);
        own.f32(piece.score);
        if (piece.type != 1) {
            own.varint(3 << 3 | 0);
            own.varint(piece.type);
        }
        add_part(writer, 1, own.data());
    }
    ByteWriter trainer;
    add_part(trainer, 2, span_of("a name"));
    trainer.varint(3 << 3 | 0);
    trainer.varint(model_type);
    trainer.varint(10 << 3 | 5);
    trainer.f32(0.9995F);
    add_part(writer, 2, trainer.data());
    ByteWriter normalizer;
    normalizer.varint(3 << 3 | 0);
    normalizer.varint(has_prefix ? 1 : 0);
    add_part(writer, 3, normalizer.data());
    return writer.take();
}

std::string refusal(const auto& work) {
    return message_of<Error>([&] { work(); });
}

}  // namespace

TEST_CASE("a file of llama2.c: every weight at its place, the start of a context at 0") {
    for (const bool tied : {true, false}) {
        CAPTURE(tied);
        const Bytes file = llama2c_file(tied);
        const Model model = read_llama2c(file, "it");
        const ModelConfig& c = model.config;
        CHECK(model.spec.head.tied == tied);
        CHECK(model.spec.head.epsilon == 1e-5F);
        const auto at = [&](std::size_t index) {  // the file's weights by their number
            ByteReader reader(ByteSpan(file).subspan(28 + 4 * index), "it");
            return reader.f32();
        };
        const auto embedding = model.view(model.layout.embedding);
        CHECK(embedding[0] == at(c.width));  // "<s>" was symbol 1
        CHECK(embedding[c.width] == at(0));  // "<unk>" was symbol 0
        CHECK(embedding[2 * c.width + 5] == at(2 * c.width + 5));
        // wq of layer 1: row 4 h + 2 i + s becomes column 4 h + 2 s + i of qkv.
        const std::size_t queries = std::size_t{c.heads} * c.head_width;
        const std::size_t keys = std::size_t{c.kv_heads} * c.head_width;
        const std::size_t wq = c.alphabet * c.width + c.layers * c.width;
        const Tensor& qkv = model.layout.blocks[2][0];
        for (std::size_t row = 0; row < queries; ++row) {
            const std::size_t in_head = row % 4;
            const std::size_t column = row - in_head + in_head % 2 * 2 + in_head / 2;
            CHECK(model.view(qkv)[3 * qkv.columns + column] == at(wq + (queries + row) * c.width + 3));
        }
        const std::size_t wv = wq + c.layers * (queries + keys) * c.width;
        CHECK(model.view(qkv)[3 * qkv.columns + queries + keys + 1] == at(wv + (keys + 1) * c.width + 3));
        // The last weight, and all that lies between, are used.
        const std::size_t last = tied ? parameter_count(network_spec(c)) - 1 : file.size() / 4 - 8;
        const float used = tied ? model.view(model.layout.output_gain)[c.width - 1]
                                : model.view(model.layout.output)[std::size_t{c.width} * c.alphabet - 1];
        CHECK(used == at(last));
    }
}

TEST_CASE("foreign weights come back from a model as they were") {
    const ModelConfig config = small_llama(false);
    Random random(4);
    for (const RotaryPairs pairs : {RotaryPairs::neighbours, RotaryPairs::halves}) {
        ForeignLlama llama(config, pairs, 2);
        for (const Part part : {Part::embedding, Part::query, Part::key, Part::value, Part::attention_out,
                                Part::down, Part::mlp_gain, Part::output}) {
            const std::vector<float> given = random_floats(part_shape(config, part).size(), random);
            std::vector<float> back(given.size());
            llama.set(part, 1, given);
            llama.get(part, 1, back);
            CHECK(back == given);
        }
    }
}

TEST_CASE("files of llama2.c that cannot be are refused before anything is allocated") {
    const Bytes file = llama2c_file(true);
    for (const std::size_t length : {std::size_t{0}, std::size_t{27}, std::size_t{28}, file.size() - 1}) {
        CHECK(refusal([&] { (void)read_llama2c(ByteSpan(file).first(length), "it"); }) != "");
    }
    const auto with = [&](std::size_t field, std::uint32_t value) {
        Bytes changed = file;
        for (int i = 0; i < 4; ++i) {
            changed[4 * field + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> 8 * i);
        }
        return refusal([&] { (void)read_llama2c(changed, "it"); });
    };
    for (std::size_t field = 0; field < 7; ++field) {
        CAPTURE(field);
        for (const std::uint32_t value : {0U, 1000U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
            CHECK(with(field, value) != "");
        }
    }
    CHECK(holds(with(3, 5), "no multiple"));
    Bytes infinite = file;
    infinite[28 + 3] = 0x7F;
    infinite[28 + 2] = 0x80;
    CHECK(holds(refusal([&] { (void)read_llama2c(infinite, "it"); }), "not a number"));
}

TEST_CASE("a tokenizer of llama2.c: bytes, special tokens, and scores as ranks") {
    const Bytes file = llama2c_tokenizer();
    const Vocabulary vocabulary = read_llama2c_tokenizer(file, 7, "it");
    CHECK(vocabulary.bytes(0).empty());
    CHECK(vocabulary.bytes(1).empty());
    CHECK(vocabulary.escape() == 1);
    CHECK(vocabulary.bytes(3)[0] == '\n');
    CHECK(vocabulary.leading_space());
    CHECK(vocabulary.ranks().empty());  // "aa" is the only one that is joined
    CHECK(holds(refusal([&] { (void)read_llama2c_tokenizer(file, 6, "it"); }), "behind"));
    for (std::size_t length = 0; length < file.size(); ++length) {
        CHECK(refusal([&] { (void)read_llama2c_tokenizer(ByteSpan(file).first(length), 7, "it"); }) != "");
    }
    CHECK(byte_of_token("<0xFF>") == 255);
    CHECK(byte_of_token("<0xfF>") == -1);
    CHECK(byte_of_token("<0x0A") == -1);
}

TEST_CASE("a model of SentencePiece: bytes, special and unused pieces, and scores as ranks") {
    const Bytes file = sentencepiece_file();
    CHECK(is_sentencepiece(file));
    const auto vocabulary =
        std::make_shared<const Vocabulary>(sentencepiece_vocabulary(file, 12, std::nullopt, "it"));
    CHECK(vocabulary->bytes(0).empty());
    CHECK(vocabulary->bytes(1).empty());
    CHECK(vocabulary->bytes(3)[0] == '\n');
    CHECK(vocabulary->bytes(6)[0] == ' ');
    CHECK(vocabulary->bytes(10).empty());  // unused
    CHECK(vocabulary->leading_space());
    CHECK(vocabulary->size() == 12);
    const Tokenizer tokenizer(vocabulary);
    CHECK(tokenizer.encode(tokenizer.with_space(span_of("abc\n"))) == std::vector<Symbol>{6, 5, 3});
    CHECK_FALSE(read_sentencepiece(sentencepiece_file(2, false), "it").vocabulary.leading_space);
    CHECK(read_sentencepiece(file, "it").start == Symbol{1});

    CHECK(holds(refusal([] { (void)read_sentencepiece(sentencepiece_file(1), "it"); }), "unigrams"));
    CHECK(holds(refusal([] { (void)read_sentencepiece(sentencepiece_file(4), "it"); }), "another kind"));
    CHECK(holds(refusal([&] { (void)sentencepiece_vocabulary(file, 10, {}, "it"); }), "11 tokens"));
    CHECK(holds(refusal([&] { (void)sentencepiece_vocabulary(file, 12, Symbol{4}, "it"); }), "start"));
    CHECK(holds(refusal([] { (void)read_sentencepiece({}, "it"); }), "no pieces"));
    for (std::size_t length = 0; length < file.size(); ++length) {
        try {
            (void)read_sentencepiece(ByteSpan(file).first(length), "it");
        } catch (const Error& error) {
            CHECK(holds(error.what(), "it"));
        }
    }
    for (std::size_t place = 0; place < file.size(); ++place) {
        for (const std::uint8_t flip : std::initializer_list<std::uint8_t>{0x01, 0x07, 0x80, 0xFF}) {
            Bytes changed = file;
            changed[place] ^= flip;
            try {
                (void)read_sentencepiece(changed, "it");
            } catch (const Error&) {
            }
        }
    }
    ByteWriter forged;  // a piece of 2^40 bytes, and a number without an end
    forged.u8(0x0A);
    forged.varint(std::uint64_t{1} << 40);
    CHECK(holds(refusal([&] { (void)read_sentencepiece(forged.data(), "it"); }), "cut off"));
    CHECK(holds(refusal([] { (void)read_sentencepiece(Bytes(20, 0xFF), "it"); }), "does not end"));
}

TEST_CASE("safetensors: what is written is read, in every type") {
    Random random(2);
    const std::vector<float> weights = random_floats(15, random);
    for (const ForeignNumber number : {ForeignNumber::fp32, ForeignNumber::bf16}) {
        SafetensorsWriter writer(number);
        writer.add("a", 3, 5, weights);
        writer.add("b\"", 1, 15, weights);
        const Bytes file = writer.finish();
        const Safetensors back(file, "it");
        std::vector<float> read(15);
        back.read("b\"", 1, 15, read);
        for (std::size_t i = 0; i < 15; ++i) {
            CHECK(std::abs(read[i] - weights[i]) <=
                  (number == ForeignNumber::fp32 ? 0 : 0x1p-8F) * std::abs(weights[i]));
        }
        CHECK(holds(refusal([&] { back.read("a", 5, 3, read); }), "shape"));
        CHECK(holds(refusal([&] { back.read("c", 5, 3, read); }), "no tensor c"));
    }
    CHECK(widened_fp16(0x3C00) == 1.0F);
    CHECK(widened_fp16(0xC500) == -5.0F);
    CHECK(widened_fp16(0x0001) == 0x1p-24F);
    CHECK(widened_fp16(0x83FF) == -1023 * 0x1p-24F);
    CHECK(widened_fp16(0x7BFF) == 65504.0F);
    CHECK(std::isinf(widened_fp16(0x7C00)));
    CHECK(std::isnan(widened_fp16(0x7E00)));
}

TEST_CASE("safetensors that cannot be are refused with a line") {
    const auto file_of = [](const std::string& header, std::size_t data) {
        ByteWriter writer;
        writer.u64(header.size());
        writer.bytes(span_of(header));
        writer.bytes(Bytes(data));
        return writer.take();
    };
    const auto refused = [&](const std::string& header, std::size_t data, const char* what) {
        const Bytes file = file_of(header, data);
        CAPTURE(header);
        CHECK(holds(refusal([&] { (void)Safetensors(file, "it"); }), what));
    };
    const auto tensor = [](const char* name, const char* type, const char* shape, const char* offsets) {
        return text_of("\"", name, "\":{\"dtype\":\"", type, "\",\"shape\":", shape,
                       ",\"data_offsets\":", offsets, "}");
    };
    const std::string good = tensor("a", "F32", "[2]", "[0,8]");
    CHECK_NOTHROW((void)Safetensors(file_of("{" + good + "}", 8), "it"));
    CHECK_NOTHROW((void)Safetensors(file_of("{\"__metadata__\":{\"format\":\"pt\"}," + good + "}", 8), "it"));
    refused("{" + good + "}", 9, "behind");
    refused("{" + good + "}", 7, "does not lie");
    refused("{" + good + "," + tensor("b", "F32", "[2]", "[4,12]") + "}", 12, "overlap");
    refused("{" + good + "," + tensor("b", "F32", "[2]", "[12,20]") + "}", 20, "hole");
    refused("{" + good + "," + good + "}", 8, "twice");
    refused("{" + tensor("a", "I8", "[8]", "[0,8]") + "}", 8, "type");
    refused("{" + tensor("a", "F32", "[3]", "[0,8]") + "}", 8, "larger than its file");
    refused("{" + tensor("a", "F32", "[1]", "[0,8]") + "}", 8, "its shape needs");
    refused("{" + tensor("a", "F32", "[4294967296,4294967296,4294967296]", "[0,8]") + "}", 8, "larger");
    refused("{" + tensor("a", "F32", "[-2]", "[0,8]") + "}", 8, "whole numbers");
    refused("{" + tensor("a", "F32", "[2]", "[8,0]") + "}", 8, "does not lie");
    refused("{" + tensor("a", "F32", "[2]", "[0]") + "}", 8, "does not lie");
    refused("{" + tensor("a", "F32", "[2]", "[0,18446744073709551615]") + "}", 8, "does not lie");
    refused("[1]", 0, "names no tensors");
    refused("{", 0, "no JSON");
    refused(std::string(40, '['), 0, "deeply");
    ByteWriter long_header;
    long_header.u64(~std::uint64_t{0});
    CHECK(holds(refusal([&] { (void)Safetensors(long_header.data(), "it"); }), "truncated"));
    CHECK(refusal([&] { (void)Safetensors({}, "it"); }) != "");
}

TEST_CASE("tokenizer.json: letters for bytes, or SentencePiece's characters; merges of both spellings") {
    const std::string letters =
        R"({"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits"},{"type":"ByteLevel"}]},
            "added_tokens":[{"id":0,"content":"<s>"}],
            "model":{"type":"BPE","vocab":{"<s>":0,"a":1,"\u0120":2,"\u0120a":3,"\u00c3":4},
                     "merges":["\u0120 a"]}})";
    const ForeignVocabulary bytes = read_tokenizer_json(letters, "it");
    CHECK(bytes.cut == TextCut::digits);
    CHECK_FALSE(bytes.leading_space);
    CHECK(bytes.tokens[0].empty());
    CHECK(bytes.tokens[3] == Bytes{' ', 'a'});
    CHECK(bytes.tokens[4] == Bytes{0xC3});
    CHECK(bytes.merges == std::vector<Merge>{{2, 1}});
    const std::string pieces =
        R"({"pre_tokenizer":null,"added_tokens":[{"id":1,"content":"<s>"}],
            "model":{"type":"BPE","vocab":{"<unk>":0,"<s>":1,"<0x0A>":2,"\u2581":3,"\u00e9":4,"\u2581\u00e9":5},
                     "merges":[["\u2581","\u00e9"]]}})";
    ForeignVocabulary characters = read_tokenizer_json(pieces, "it");
    CHECK(characters.leading_space);
    CHECK(characters.tokens[2] == Bytes{'\n'});
    CHECK(characters.tokens[5] == Bytes{' ', 0xC3, 0xA9});
    const auto refused = [](const std::string& text, const char* what) {
        CHECK(holds(refusal([&] { (void)read_tokenizer_json(text, "it"); }), what));
    };
    refused("{}", "byte-pair");
    refused("nonsense", "no JSON");
    refused(R"({"model":{"vocab":{"a":-1},"merges":[]}})", "number");
    refused(R"({"model":{"vocab":{"a":999999},"merges":[]}})", "number");
    refused(R"({"model":{"vocab":{"a":1,"b":1},"merges":[]}})", "two tokens");
    refused(R"({"model":{"vocab":{"a":1},"merges":["a b"]}})", "merge");
    refused(R"({"model":{"vocab":{"a":1},"merges":[7]}})", "merge");
    CHECK(holds(refusal([&] { (void)vocabulary_from(characters, 5, 1, "it"); }), "6 tokens"));
    CHECK(holds(refusal([&] { (void)vocabulary_from(characters, 6, 4, "it"); }), "start"));
}

TEST_CASE("a folder of safetensors is a model, whole or in shards") {
    const TemporaryFolder folder;
    const ModelConfig config = small_llama(true);
    Random random(6);
    const auto write = [&](const char* file, const std::string& text) {
        write_file(folder.path() / file, span_of(text));
    };
    const std::string sizes =
        R"({"model_type":"llama","hidden_size":12,"intermediate_size":5,"num_hidden_layers":2,
            "num_attention_heads":3,"num_key_value_heads":1,"vocab_size":7,"max_position_embeddings":8,
            "rms_norm_eps":1e-05,"rope_theta":10000.0,"tie_word_embeddings":true,"hidden_act":"silu")";
    write("tokenizer.json",
          R"({"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},
              "merges":["a b"]},"added_tokens":[{"id":5,"content":"<s>"}]})");
    ForeignLlama llama(config, RotaryPairs::halves, 5);
    SafetensorsWriter first(ForeignNumber::fp32);
    SafetensorsWriter second(ForeignNumber::fp32);
    std::string map;
    const auto add = [&](const std::string& name, Part part, std::size_t layer) {
        const PartShape shape = part_shape(config, part);
        const std::vector<float> weights = random_floats(shape.size(), random);
        llama.set(part, layer, weights);
        (layer == 0 ? first : second).add(name, shape.rows, shape.columns, weights);
        map += text_of(map.empty() ? "" : ",", "\"", name, "\":\"",
                       layer == 0 ? "1.safetensors" : "2.safetensors", "\"");
    };
    add("model.embed_tokens.weight", Part::embedding, 0);
    add("model.norm.weight", Part::output_gain, 0);
    constexpr const char* kNames[] = {"input_layernorm",  "self_attn.q_proj", "self_attn.k_proj",
                                      "self_attn.v_proj", "self_attn.o_proj", "post_attention_layernorm",
                                      "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};
    for (std::size_t layer = 0; layer < 2; ++layer) {
        for (std::size_t i = 0; i < std::size(kNames); ++i) {
            add(text_of("model.layers.", layer, ".", kNames[i], ".weight"), kLayerParts[i], layer);
        }
    }
    write_file(folder.path() / "1.safetensors", first.finish());
    write_file(folder.path() / "2.safetensors", second.finish());
    write("model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
    write("config.json", sizes + ",\"bos_token_id\":5}");
    const ImportedModel imported = import_model(folder.path(), {});
    CHECK(imported.format == WeightFormatId::fp32);
    CHECK(imported.model.config == config);
    CHECK(std::equal(imported.model.weights.begin(), imported.model.weights.end(),
                     llama.model().weights.begin()));
    REQUIRE(imported.model.vocabulary != nullptr);
    CHECK(imported.model.vocabulary->bytes(5)[0] == 'a');  // the start took its place
    const auto refused = [&](const std::string& text, const char* what) {
        write("config.json", text);
        CHECK(holds(refusal([&] { (void)import_model(folder.path(), {}); }), what));
    };
    refused(sizes + "}", "--start");
    refused(sizes + ",\"bos_token_id\":2}", "start");
    refused(sizes + ",\"bos_token_id\":5,\"attention_bias\":true}", "biases");
    refused(sizes + ",\"bos_token_id\":5,\"rope_scaling\":{\"rope_type\":\"llama3\"}}", "rotary");
    refused("{\"model_type\":\"gpt2\"}", "gpt2");
    refused(R"({"model_type":"llama","hidden_size":-1})", "size");
    refused(sizes + ",\"bos_token_id\":5,\"head_dim\":6}", "shape");
    write("config.json", sizes + ",\"bos_token_id\":5}");
    std::filesystem::remove(folder.path() / "2.safetensors");
    CHECK(refusal([&] { (void)import_model(folder.path(), {}); }) != "");
    write("model.safetensors.index.json", R"({"weight_map":{"a":"../1.safetensors"}})");
    CHECK(holds(refusal([&] { (void)import_model(folder.path(), {}); }), "none of its folder"));
}

TEST_CASE("own models go out as safetensors and come back bit for bit") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        for (const WeightFormat* format : kWeightFormats) {
            CAPTURE(format->name);
            const TemporaryFolder folder;
            const StoredModel stored = noisy_model(tiny_config(architecture), 3, format->id);
            export_own(stored, folder.path() / "out", {});
            const ImportedModel back = import_model(folder.path() / "out", {});
            CHECK(back.format == stored.format);
            CHECK(model_id(back.model, back.format) == stored.id);
        }
    }
    const TemporaryFolder folder;
    Model llama = read_llama2c(llama2c_file(true), "it");
    llama.vocabulary =
        std::make_shared<const Vocabulary>(read_llama2c_tokenizer(llama2c_tokenizer(), 7, "it"));
    const StoredModel stored = decode_model(encode_model(llama, WeightFormatId::fp32, nullptr), "it");
    export_own(stored, folder.path(), {});
    const ImportedModel back = import_model(folder.path(), {});
    CHECK(model_id(back.model, back.format) == stored.id);
}
