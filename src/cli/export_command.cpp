#include <filesystem>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/train/training_state.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace train;

namespace {

StoredModel model_of_state(const std::string& given) {
    if (given.empty()) {
        fail_usage("--from-state needs a training folder; name it with -m");
    }
    const std::filesystem::path path(given);
    return trained_model(load_state(std::filesystem::is_directory(path) ? path / kStateFile : path));
}

}  // namespace

int run_export(const ExportArguments& a) {
    std::error_code error;
    if (!a.force && std::filesystem::exists(std::filesystem::symlink_status(a.output, error))) {
        fail(a.output, " exists already; use -f to overwrite it, or -o to name another");
    }
    ModelShelf shelf(a.model);
    const StoredModel model = a.from_state ? model_of_state(a.model) : shelf.chosen();
    const StoredModel result = converted(model, a.precision);
    write_file(a.output, encode_model(result.model, result.precision, &result.record));
    if (a.common.quiet == 0) {
        note(printable(
            text_of(a.output, ": model ", hex64(result.id), " in ", precision_name(result.precision), ", ",
                    with_commas(result.stored_bytes), " bytes when embedded; of ", hex64(model.id), " in ",
                    precision_name(model.precision), ", ", with_commas(model.stored_bytes), " bytes")));
    }
    return kDone;
}

}  // namespace bitlaw::cli
