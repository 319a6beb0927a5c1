#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

using namespace model;

void add_export(App& app, ExportArguments& a) {
    name_option(app, "-m,--model", a.model, "MODEL", "model file or training folder (default: searched for)");
    app.add_flag(
        "--from-state", a.from_state,
        "take the weights of a training folder's state.bls, in fp32 as they are trained; the run may be "
        "unfinished");
    text_option(
        app, "--model-precision",
        [&a](const std::string& text) { a.precision = parse_precision(text, "--model-precision"); }, "",
        "how the weights are stored: fp32, bf16 or int8 (a byte a weight, a scale a row)")
        ->type_name("NAME")
        ->required();
    text_option(
        app, "-o,--output",
        [&a](const std::string& text) {
            if (text.empty() || text == "-") {
                fail_usage("-o: a model is written to a file, which appears when it is complete; name one");
            }
            a.output = text;
        },
        "", "the new model file")
        ->type_name("OUT")
        ->required();
    app.add_flag("-f,--force", a.force, "overwrite OUT");
    add_common(app, a.common, false);
}

}  // namespace bitlaw::cli
