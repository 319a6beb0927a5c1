#include <sstream>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "learning_options.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

using namespace baselines;

namespace {

std::string compressor_list() {
    std::string list;
    for (const Compressor& compressor : all_compressors()) {
        list += (list.empty() ? "" : ", ") + compressor.key;
    }
    return list;
}

}  // namespace

void add_table(FieldOptions& options, TableArguments& a) {
    App& app = options.app();
    files_option(app, "--data,files", a.data,
                 "data sets, [NAME=]FILE or FILE@BEGIN:END; a manifest beside a file tells its geometry")
        ->required();
    files_option(app, "-m,--model", a.models, "models (default: those that are found)")->type_name("MODEL");
    app.add_flag("--no-models", a.no_models, "compressors only");
    text_option(
        app, "--compressors",
        [&a](const std::string& text) {
            if (text.empty()) {
                fail_usage("the list is empty; name some, or none");
            }
            std::istringstream words(text);
            for (std::string word; std::getline(words, word, ',');) {
                a.compressors.push_back(word);
            }
        },
        "all", "some of " + compressor_list() + ", with commas between; or none")
        ->type_name("LIST");
    files_option(app, "--external", a.externals,
                 "a program as a compressor, in one piece only: 'NAME=COMMAND {in} {out}'")
        ->type_name("TEXT");
    files_option(app, "--restore", a.restorers,
                 "how to restore what --external NAME made: 'NAME=COMMAND {in} {out}'")
        ->type_name("TEXT");
    files_option(
        app, "--reuse", a.reuse,
        "take what earlier tables, written as JSON, measured with the same settings on the same data");
    text_option(
        app, "--protocol",
        [&a](const std::string& text) {
            if (text != "both" && text != "chunked" && text != "unchunked") {
                fail_usage("'", text, "' is not known; choose both, chunked or unchunked");
            }
            a.chunked = text != "unchunked";
            a.unchunked = text != "chunked";
        },
        "both", "chunked: independent chunks, the paper's way; unchunked: in one piece")
        ->type_name("NAME");
    number_option(app, "--chunk", a.chunk_bytes, "bytes of a chunk", text_of(a.chunk_bytes),
                  {1, std::uint64_t{1} << 30});
    mix_option(
        app, [&a](std::optional<predict::ExpertSet> set) { a.mix = set; },
        "one more row for each model, in one piece: mixed with these experts");
    app.add_flag("--restore-models", a.restore_models,
                 "restore the models' archives too, which takes its time");
    auto* const markdown = app.add_flag_callback(
        "--markdown", [&a] { a.format = TableFormat::markdown; }, "print Markdown");
    app.add_flag_callback(
           "--csv", [&a] { a.format = TableFormat::csv; }, "print CSV, a line for each rate")
        ->excludes(markdown);
    name_option(app, "--svg", a.svg, "FILE", "draw a bar chart with gnuplot");
    name_option(app, "-o,--output", a.output, "PREFIX",
                "also write PREFIX.txt, .md, .csv, .json and .svg, which are overwritten; a stopped table "
                "goes to PREFIX.partial.json, for --reuse");
    add_learning(options, a.learning);
    add_common(options, a.common, true);
}

}  // namespace bitlaw::cli
