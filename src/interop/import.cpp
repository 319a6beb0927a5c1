#include "bitlaw/interop/import.hpp"

#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/mapped_pages.hpp"
#include "bitlaw/interop/foreign_llama.hpp"
#include "bitlaw/interop/llama2c.hpp"
#include "bitlaw/interop/own_model.hpp"
#include "bitlaw/interop/safetensors.hpp"
#include "bitlaw/interop/sentencepiece.hpp"
#include "bitlaw/interop/tokenizer_json.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "foreign_json.hpp"

namespace bitlaw::interop {

using Json = nlohmann::json;
using namespace model;
using namespace symbols;

namespace {

constexpr std::uint64_t kMaxJsonBytes = std::uint64_t{1} << 26;

std::string_view text_of_bytes(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Json json_of(const std::filesystem::path& path) {
    return parse_foreign_json(text_of_bytes(read_file(path, kMaxJsonBytes)), path.string());
}

// ---- config.json
// ----------------------------------------------------------------------------------------------------------

std::uint32_t size_in(const Json& config, const char* key, const std::string& name,
                      std::optional<std::uint32_t> otherwise = {}) {
    const Json& value = foreign_member(config, key);
    if (value.is_null() && otherwise) {
        return *otherwise;
    }
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) {
        fail(name, " has no size '", key, "'; it is the config of another kind of model");
    }
    return value.get<std::uint32_t>();
}

bool is_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }

void require_llama(const Json& config, const std::string& name) {
    const Json& type = foreign_member(config, "model_type");
    const std::string family = type.is_string() ? type.get<std::string>() : "";
    if (family != "llama" && family != "mistral") {
        fail(name, " describes a network of type '", family, "'; llama and mistral can be imported");
    }
    const Json& activation = foreign_member(config, "hidden_act");
    if (!activation.is_null() && activation != "silu") {
        fail(name, " has the activation ", activation.dump(), "; only silu can be imported");
    }
    for (const char* bias : {"attention_bias", "mlp_bias"}) {
        if (is_true(foreign_member(config, bias))) {
            fail(name, " has biases (", bias, "), which this family has not");
        }
    }
    const Json& scaling = foreign_member(config, "rope_scaling");
    const Json& kind = foreign_member(scaling, "rope_type");
    if (!scaling.is_null() && kind != "default") {
        fail(name, " scales its rotary positions (", scaling.dump(), "), which cannot be imported");
    }
}

ModelConfig read_config_json(const Json& json, const std::string& name) {
    require_llama(json, name);
    const Json& epsilon = foreign_member(json, "rms_norm_eps");
    const Json& base = foreign_member(json, "rope_theta");
    ModelConfig config = llama_config(is_true(foreign_member(json, "tie_word_embeddings")),
                                      epsilon.is_number() ? epsilon.get<double>() : 1e-6);
    config.width = size_in(json, "hidden_size", name);
    config.hidden = size_in(json, "intermediate_size", name);
    config.layers = size_in(json, "num_hidden_layers", name);
    config.heads = size_in(json, "num_attention_heads", name);
    config.kv_heads = size_in(json, "num_key_value_heads", name, config.heads);
    if (config.heads == 0) {
        fail(name, " has no heads");
    }
    config.head_width = size_in(json, "head_dim", name, config.width / config.heads);
    config.alphabet = size_in(json, "vocab_size", name);
    config.context = size_in(json, "max_position_embeddings", name, 2048);
    config.window = std::min(size_in(json, "sliding_window", name, config.context), config.context);
    const double theta = base.is_number() ? base.get<double>() : 10'000.0;
    if (!(theta >= 2 && theta <= 1e9) || theta != std::floor(theta)) {
        fail(name, " has the rotary base ", theta, ", which must be a whole number from 2 to 10^9");
    }
    config.rotary_base = static_cast<std::uint32_t>(theta);
    try {
        validate(config);
    } catch (const Error& error) {
        fail(name, " cannot be used: ", error.what());
    }
    return config;
}

// ---- tensors in one file, or in several with an index
// ---------------------------------------------------------------------

class Shards {
   public:
    explicit Shards(const std::filesystem::path& folder) {
        const std::filesystem::path index = folder / "model.safetensors.index.json";
        if (!std::filesystem::exists(index)) {
            open(folder / "model.safetensors");
            for (const auto& [name, tensor] : shards_.front().header->tensors()) {
                where_[name] = 0;
            }
            return;
        }
        std::map<std::string, std::size_t> numbers;
        const Json json = json_of(index);
        const Json& map = foreign_member(json, "weight_map");
        if (!map.is_object() || map.empty()) {
            fail(index.string(), " names no tensors; copy it again");
        }
        for (const auto& [name, value] : map.items()) {
            const std::string file = value.is_string() ? value.get<std::string>() : "";
            if (file.empty() || std::filesystem::path(file).filename() != file) {
                fail(index.string(), " names the file '", file, "', which is none of its folder");
            }
            const auto found = numbers.try_emplace(file, shards_.size());
            if (found.second) {
                open(folder / file);
            }
            where_[name] = found.first->second;
        }
    }

    void read(const std::string& tensor, const PartShape& shape, std::span<float> out) const {
        const auto found = where_.find(tensor);
        if (found == where_.end()) {
            fail("the model has no tensor ", tensor, "; it is another one, or incomplete");
        }
        const Shard& shard = shards_[found->second];
        shard.header->read(tensor, shape.rows, shape.columns, out);
        forget_pages(*shard.file, shard.file->bytes());  // each is read once
    }
    [[nodiscard]] bool has(const std::string& tensor) const { return where_.contains(tensor); }
    /// Whether every tensor is bf16.
    [[nodiscard]] bool all_bf16() const {
        for (const Shard& shard : shards_) {
            for (const auto& [name, tensor] : shard.header->tensors()) {
                if (tensor.number != ForeignNumber::bf16) {
                    return false;
                }
            }
        }
        return true;
    }

   private:
    struct Shard {
        std::unique_ptr<MappedFile> file;
        std::unique_ptr<Safetensors> header;
    };
    void open(const std::filesystem::path& path) {
        auto file = std::make_unique<MappedFile>(path);
        auto header = std::make_unique<Safetensors>(file->bytes(), path.string());
        shards_.push_back({std::move(file), std::move(header)});
    }
    std::vector<Shard> shards_;
    std::map<std::string, std::size_t> where_;
};

std::string tensor_name(Part part, std::size_t layer) {
    static const std::map<Part, const char*> names = {{Part::attention_gain, "input_layernorm"},
                                                      {Part::query, "self_attn.q_proj"},
                                                      {Part::key, "self_attn.k_proj"},
                                                      {Part::value, "self_attn.v_proj"},
                                                      {Part::attention_out, "self_attn.o_proj"},
                                                      {Part::mlp_gain, "post_attention_layernorm"},
                                                      {Part::gate, "mlp.gate_proj"},
                                                      {Part::up, "mlp.up_proj"},
                                                      {Part::down, "mlp.down_proj"}};
    switch (part) {
        case Part::embedding: return "model.embed_tokens.weight";
        case Part::output_gain: return "model.norm.weight";
        case Part::output: return "lm_head.weight";
        default: return text_of("model.layers.", layer, ".", names.at(part), ".weight");
    }
}

// tokenizer.json, or SentencePiece's file where there is no other.
std::filesystem::path own_tokenizer(const std::filesystem::path& folder) {
    const std::filesystem::path json = folder / "tokenizer.json";
    const std::filesystem::path pieces = folder / "tokenizer.model";
    return !std::filesystem::exists(json) && std::filesystem::exists(pieces) ? pieces : json;
}

ImportedModel import_folder(const std::filesystem::path& folder, const ImportOptions& options) {
    const std::filesystem::path config_file = folder / "config.json";
    const Json json = json_of(config_file);
    if (foreign_member(json, "model_type") == kOwnModelType) {
        return import_own(folder);
    }
    ModelConfig config = read_config_json(json, config_file.string());
    const Shards shards(folder);
    if (shards.all_bf16()) {
        config.arithmetic = Arithmetic::bf16;
        config.cache = CachePrecision::bf16;
    }
    const Json& bos = foreign_member(json, "bos_token_id");
    if (!options.start && !bos.is_number_unsigned()) {
        fail(config_file.string(), " does not say which token begins a context; name it with --start");
    }
    const Symbol start = options.start.value_or(bos.is_number_unsigned() ? bos.get<Symbol>() : 0);
    ForeignLlama llama(config, RotaryPairs::halves, start);
    std::vector<float> weights;
    const auto take = [&](Part part, std::size_t layer) {
        const PartShape shape = part_shape(config, part);
        weights.resize(shape.size());
        shards.read(tensor_name(part, layer), shape, weights);
        llama.set(part, layer, weights);
    };
    take(Part::embedding, 0);
    for (std::size_t layer = 0; layer < config.layers; ++layer) {
        for (const Part part : kLayerParts) {
            take(part, layer);
        }
    }
    take(Part::output_gain, 0);
    if (config.architecture == llama_config(false, 1e-5).architecture) {
        take(Part::output, 0);
    }
    const std::filesystem::path tokenizer =
        options.tokenizer.empty() ? own_tokenizer(folder) : options.tokenizer;
    const Bytes file = read_file(tokenizer, kMaxJsonBytes);
    llama.model().vocabulary = std::make_shared<const Vocabulary>(
        is_sentencepiece(file) ? sentencepiece_vocabulary(file, config.alphabet, start, tokenizer.string())
                               : vocabulary_from(read_tokenizer_json(text_of_bytes(file), tokenizer.string()),
                                                 config.alphabet, start, tokenizer.string()));
    return {llama.take(), shards.all_bf16() ? WeightFormatId::bf16 : WeightFormatId::fp32};
}

}  // namespace

ImportedModel import_model(const std::filesystem::path& path, const ImportOptions& options) {
    if (std::filesystem::is_directory(path)) {
        return import_folder(path, options);
    }
    if (options.start) {
        fail_usage("--start is for folders; in a model of llama2.c symbol 1 begins a context");
    }
    const MappedFile file(path);
    ImportedModel result{read_llama2c(file.bytes(), path.string()), WeightFormatId::fp32};
    if (options.tokenizer.empty()) {
        fail_usage(path.string(),
                   " is a model of llama2.c, which has its tokens in another file; name it with "
                   "--tokenizer");
    }
    const MappedFile tokenizer(options.tokenizer);
    // A .bin begins with the length of its longest token, which may be the 10 that a SentencePiece model
    // begins with.
    const std::string name = options.tokenizer.string();
    const std::uint32_t alphabet = result.model.config.alphabet;
    result.model.vocabulary = std::make_shared<const Vocabulary>(
        options.tokenizer.extension() == ".model"
            ? sentencepiece_vocabulary(tokenizer.bytes(), alphabet, Symbol{1}, name)
            : read_llama2c_tokenizer(tokenizer.bytes(), alphabet, name));
    return result;
}

}  // namespace bitlaw::interop
