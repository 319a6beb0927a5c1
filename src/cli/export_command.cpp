#include <filesystem>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
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

std::filesystem::path state_file(const std::string& given) {
    if (given.empty()) {
        fail_usage("--from-state needs a training folder; name it with -m");
    }
    const std::filesystem::path path(given);
    return std::filesystem::is_directory(path) ? path / kStateFile : path;
}

}  // namespace

int run_export(const ExportArguments& a) {
    const OutputOptions options{.existing = a.force ? Existing::replace : Existing::refuse};
    require_folder_of(a.output);
    require_writable(a.output, options.existing);
    ModelShelf shelf(a.model);
    InputFiles inputs;
    if (a.from_state) {
        inputs.add(state_file(a.model));
    } else {
        (void)shelf.chosen();
        shelf.add_to(inputs);
    }
    inputs.require_not(a.output);
    const StoredModel model = a.from_state ? trained_model(load_state(state_file(a.model))) : shelf.chosen();
    const StoredModel result = converted(model, a.weight_format);
    write_file(a.output, encode_model(result.model, result.format, &result.record), options);
    if (a.common.quiet == 0) {
        note(printable(
            text_of(a.output, ": model ", hex64(result.id), " in ", weight_format_name(result.format), ", ",
                    with_commas(result.stored_bytes), " bytes when embedded; of ", hex64(model.id), " in ",
                    weight_format_name(model.format), ", ", with_commas(model.stored_bytes), " bytes")));
    }
    return kDone;
}

}  // namespace bitlaw::cli
