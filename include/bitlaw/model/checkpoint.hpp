#pragma once
/// \file Model files: config, coding weights, and how they were trained. docs/FORMAT.md specifies the bytes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/model/stored_weights.hpp"
#include "bitlaw/model/training_record.hpp"

namespace bitlaw::model {

/// Version of the forward pass's arithmetic: archives of another version cannot be decoded and say so.
inline constexpr std::uint16_t kArithmeticVersion = 1;

/// A model as it is coded with.
struct StoredModel {
    Model model;  ///< weights as stored, widened to fp32
    WeightFormatId format;
    std::uint64_t id;            ///< model id
    TrainingRecord record;       ///< empty when embedded in an archive
    std::uint64_t stored_bytes;  ///< bytes of header, config and weights: what an archive embeds
};

/// Model id = xxh3-64 of config, arithmetic version, format and coding weights as stored.
[[nodiscard]] std::uint64_t model_id(const Model& model, WeightFormatId format);

/// The bytes of a model file; `record` null leaves the training record out, as archives do.
[[nodiscard]] Bytes encode_model(const Model& model, WeightFormatId format, const TrainingRecord* record);

/// The model with its weights stored in another format, and so with another id. What its weights had lost
/// before stays lost. The record names the model it comes from and has no validation rate, since that was
/// measured with other weights.
[[nodiscard]] StoredModel converted(const StoredModel& model, WeightFormatId format);

/// Reads them back. Verifies hash and sizes before it allocates; throws Error with `name` in it.
[[nodiscard]] StoredModel decode_model(ByteSpan file, const std::string& name);

/// Suffix of model files.
inline constexpr const char* kModelSuffix = ".blm";
/// Name of the model file in a training folder.
inline constexpr const char* kModelFile = "model.blm";

/// `model.blm` of a folder, any other path as it is.
[[nodiscard]] std::filesystem::path model_file(const std::filesystem::path& path);

/// Loads a model file, or `model.blm` of a folder.
[[nodiscard]] StoredModel load_model(const std::filesystem::path& path);
/// The id that a model file says it has, from its first bytes only; nothing when it does not begin as one of
/// this version. Throws Error when it cannot be read.
[[nodiscard]] std::optional<std::uint64_t> peek_model_id(const std::filesystem::path& file);
void save_model(const std::filesystem::path& path, const Model& model, WeightFormatId format,
                const TrainingRecord& record);

}  // namespace bitlaw::model
