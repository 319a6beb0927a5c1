#pragma once
/// \file This project's models for other programs: a folder with config.json, model.safetensors and, for
/// models of tokens, vocabulary.bin. experiments/interop has a reader in PyTorch.

#include <filesystem>

#include "bitlaw/base/output_file.hpp"
#include "bitlaw/interop/imported_model.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::interop {

/// model_type in the config.json of such a folder.
inline constexpr const char* kOwnModelType = "bitlaw";

/// Writes the folder, which is made if need be. Tensors have the names and shapes of model files
/// (docs/FORMAT.md); weights are bf16 where the model stores them so, otherwise fp32. Nothing is lost but
/// the training record.
void export_own(const model::StoredModel& stored, const std::filesystem::path& folder,
                const OutputOptions& options);

/// Reads it back, bit for bit.
[[nodiscard]] ImportedModel import_own(const std::filesystem::path& folder);

}  // namespace bitlaw::interop
