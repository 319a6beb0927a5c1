#pragma once
/// \file Foreign models as this project's, whatever their files are.

#include <filesystem>
#include <optional>

#include "bitlaw/interop/imported_model.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::interop {

struct ImportOptions {
    std::filesystem::path tokenizer = {};  ///< empty: the model's own, where its folder has one
    std::optional<symbols::Symbol> start =
        {};  ///< foreign number of the start of a context, where files do not say
};

/// A folder with config.json and safetensors, or a file of llama2.c. Throws Error for files that are none or
/// damaged, and for networks that this project has not.
[[nodiscard]] ImportedModel import_model(const std::filesystem::path& path, const ImportOptions& options);

}  // namespace bitlaw::interop
