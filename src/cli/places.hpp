#pragma once
/// \file Where models and data are looked for.

#include <cstdint>
#include <filesystem>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/base/file_status.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/places.hpp"

namespace bitlaw::cli {

/// A data set's name ("wiki8", also with @BEGIN:END) as a path: a file that exists stays as it is; a name
/// without a slash is looked for in the folders of BITLAW_DATA, in `data` of the checkout and in
/// `../shared/data` beside it.
[[nodiscard]] std::string resolve_data(const std::string& text);
[[nodiscard]] std::vector<std::string> resolve_data(const std::vector<std::string>& texts);

/// What -m says when there shall be no network.
using coding::kNoModel;

/// Models by id or by choice; each is loaded once. References stay valid as long as the object lives.
class ModelShelf {
   public:
    /// `given` is the -m option: a file or a folder, or empty.
    explicit ModelShelf(std::string given) : given_(std::move(given)) {}

    /// The given model, also a fresh network, which has id 0. Without one: the one called 3.2m, otherwise the
    /// greatest of those found. Throws Error saying where it looked when there is none.
    const model::StoredModel& chosen();
    /// The path of chosen(); what -m says of a fresh network.
    [[nodiscard]] const std::filesystem::path& chosen_path() const { return chosen_path_; }

    /// The model with this id: the given one, or one that is found. Throws Error with all ids and places.
    const model::StoredModel& by_id(std::uint64_t id);

    /// Adds the files of the models loaded until now.
    void add_to(InputFiles& inputs) const;

   private:
    struct Entry {
        std::filesystem::path path;
        model::StoredModel model;
    };
    const model::StoredModel& load(const std::filesystem::path& path);

    std::string given_;
    std::filesystem::path chosen_path_;
    std::list<Entry> loaded_;
    std::optional<model::StoredModel> fresh_;
};

}  // namespace bitlaw::cli
