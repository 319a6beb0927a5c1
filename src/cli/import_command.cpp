#include <algorithm>
#include <filesystem>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/interop/import.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/specs.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;

int run_import(const ImportArguments& a) {
    const OutputOptions options{.existing = a.force ? Existing::replace : Existing::refuse};
    require_folder_of(a.output);
    require_writable(a.output, options.existing);
    interop::ImportOptions wanted{.tokenizer = a.tokenizer};
    if (a.start) {
        wanted.start = static_cast<symbols::Symbol>(*a.start);
    }
    interop::ImportedModel imported = interop::import_model(a.source, wanted);
    ModelConfig config = imported.model.config;
    if (a.context) {
        if (*a.context > config.context) {
            fail_usage("--context: the model has seen ", config.context, " tokens at once, not ", *a.context);
        }
        config.context = static_cast<std::uint32_t>(*a.context);
        config.window = std::min(config.window, config.context);
    }
    config.arithmetic = a.arithmetic.value_or(config.arithmetic);
    // The same tensors by another config.
    Model model = std::move(imported.model);
    model.config = config;
    model.spec = network_spec(config);
    const WeightFormatId format = a.weight_format.value_or(imported.format);
    TrainingRecord record;
    record.options = "imported_from=" + std::filesystem::path(a.source).filename().string() + "\n";
    write_file(a.output, encode_model(model, format, &record), options);
    model.weights = Floats();  // read again, they need not be there twice
    const StoredModel stored = load_model(a.output);
    if (a.common.quiet == 0) {
        note(printable(text_of(a.output, ": model ", hex64(stored.id), " in ", weight_format_name(format),
                               ", ", with_commas(stored.stored_bytes), " bytes when embedded; ",
                               describe(stored.model.config))));
    }
    return kDone;
}

}  // namespace bitlaw::cli
