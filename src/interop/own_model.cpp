#include "bitlaw/interop/own_model.hpp"

#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/interop/safetensors.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/config_fields.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/symbols/vocabulary.hpp"
#include "foreign_json.hpp"

namespace bitlaw::interop {

using Json = nlohmann::json;
using namespace model;
using namespace symbols;

namespace {

constexpr const char* kConfigFile = "config.json";
constexpr const char* kTensorFile = "model.safetensors";
constexpr const char* kVocabularyFile = "vocabulary.bin";

ByteSpan span_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Every field of the config by its name, numbers as numbers and choices as words; and what a reader in
// another language would have to look up here.
Json config_json(const StoredModel& stored) {
    const ModelConfig& config = stored.model.config;
    const NetworkSpec& spec = stored.model.spec;
    Json json;
    json["model_type"] = kOwnModelType;
    for (const Field<ModelConfig>& field : model_fields()) {
        if (field.kind == FieldKind::choice) {
            json[field.info.name] = field.write(config).front();
        } else {
            json[field.info.name] = field.number(config);
        }
    }
    json["norm_epsilon_e9"] = config.norm_epsilon;
    json["embedding_factor"] = spec.embedding.factor;
    json["tied"] = spec.head.tied;
    json["longest_context"] = spec.longest_context;
    json["weight_format"] = weight_format_name(stored.format);
    json["model_id"] = hex64(stored.id);
    return json;
}

}  // namespace

void export_own(const StoredModel& stored, const std::filesystem::path& folder,
                const OutputOptions& options) {
    std::filesystem::create_directories(folder);
    SafetensorsWriter writer(stored.format == WeightFormatId::bf16 ? ForeignNumber::bf16
                                                                   : ForeignNumber::fp32);
    for (const Tensor& tensor : stored.model.layout.tensors()) {
        writer.add(tensor.name, tensor.rows, tensor.columns, stored.model.view(tensor));
    }
    write_file(folder / kTensorFile, writer.finish(), options);
    if (stored.model.vocabulary != nullptr) {
        write_file(folder / kVocabularyFile, stored.model.vocabulary->encode(), options);
    }
    write_file(folder / kConfigFile, span_of(config_json(stored).dump(2) + "\n"), options);
}

ImportedModel import_own(const std::filesystem::path& folder) {
    constexpr std::uint64_t kMaxConfigBytes = 1 << 20;
    const std::string name = (folder / kConfigFile).string();
    const Bytes text = read_file(folder / kConfigFile, kMaxConfigBytes);
    const Json json = parse_foreign_json({reinterpret_cast<const char*>(text.data()), text.size()}, name);
    ModelConfig config;
    for (const Field<ModelConfig>& field : model_fields()) {
        const Json& value = foreign_member(json, field.info.name.c_str());
        if (field.kind == FieldKind::choice && value.is_string()) {
            field.read(config, {value.get<std::string>()});
        } else if (field.kind != FieldKind::choice && value.is_number_unsigned() &&
                   value.get<std::uint64_t>() <= UINT32_MAX) {
            field.set_number(config, value.get<std::uint64_t>());
        } else {
            fail(name, " has no field '", field.info.name, "', which this program's models have");
        }
    }
    const Json& epsilon = foreign_member(json, "norm_epsilon_e9");
    const Json& format = foreign_member(json, "weight_format");
    if (!epsilon.is_number_unsigned() || epsilon.get<std::uint64_t>() > UINT32_MAX || !format.is_string()) {
        fail(name, " lacks norm_epsilon_e9 or weight_format; export the model again");
    }
    config.norm_epsilon = epsilon.get<std::uint32_t>();
    validate(config);
    const MappedFile file(folder / kTensorFile);
    const Safetensors tensors(file.bytes(), file.path().string());
    ImportedModel result{Model(config), parse_weight_format(format.get<std::string>())};
    for (const Tensor& tensor : result.model.layout.tensors()) {
        tensors.read(tensor.name, tensor.rows, tensor.columns, result.model.view(tensor));
    }
    if (std::filesystem::exists(folder / kVocabularyFile)) {
        const Bytes bytes = read_file(folder / kVocabularyFile, 2 * kMaxVocabularyBytes);
        Vocabulary vocabulary = Vocabulary::decode(bytes, (folder / kVocabularyFile).string());
        if (vocabulary.size() != config.alphabet) {
            fail(name, " has an alphabet of ", config.alphabet, ", and its vocabulary ", vocabulary.size(),
                 " tokens");
        }
        result.model.vocabulary = std::make_shared<const Vocabulary>(std::move(vocabulary));
    }
    return result;
}

}  // namespace bitlaw::interop
