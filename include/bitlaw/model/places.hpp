#pragma once
/// \file Where model files are looked for.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bitlaw::model {

/// The file of this program or library; empty when the system does not say. /proc/self/exe is another one
/// where the tool was started through the dynamic loader, as in an AppImage.
[[nodiscard]] std::filesystem::path own_binary();

/// The folder above the one that holds this program or library: the checkout for build/bitlaw, the prefix for
/// bin/bitlaw and lib/libbitlaw.so. Empty when the system does not say.
[[nodiscard]] std::filesystem::path home_folder();

/// The folders, separated by colons, of an environment variable.
[[nodiscard]] std::vector<std::filesystem::path> folders_of_environment(const char* name);

/// Folders of models: those of BITLAW_MODELS, then `checkpoints` of the checkout and `share/bitlaw` of the
/// installation that this binary belongs to. Also ones that do not exist.
[[nodiscard]] std::vector<std::filesystem::path> model_places();

/// The model files of the places that exist: *.blm in them, and model.blm in their folders.
[[nodiscard]] std::vector<std::filesystem::path> model_files();

/// "3.2m" for checkpoints/3.2m.blm and for checkpoints/3.2m/model.blm.
[[nodiscard]] std::string model_name(const std::filesystem::path& file);

/// The first model file of the places with this model_name(); nothing where there is none.
[[nodiscard]] std::optional<std::filesystem::path> installed_model(const std::string& name);

/// The file or folder that the text names: a path when there is such a one or it has a slash, else the
/// installed_model() of this name; the text itself where there is none.
[[nodiscard]] std::filesystem::path named_model(const std::string& text);

/// "a, b (Permission denied)": folders, and why one that is there cannot be read.
[[nodiscard]] std::string describe_folders(const std::vector<std::filesystem::path>& folders);

}  // namespace bitlaw::model
