#include <filesystem>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/baselines/gnuplot.hpp"
#include "bitlaw/table/table_plot.hpp"
#include "bitlaw/table/table_text.hpp"
#include "bitlaw/train/corpus.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table_run.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace datasets;
using namespace baselines;
using namespace table;

namespace {

namespace fs = std::filesystem;

constexpr const char* kPartialSuffix = ".partial.json";

void write_text(const fs::path& path, const std::string& text) { write_file(path, text); }

void draw(const TableReport& report, const fs::path& svg) {
    draw_picture({{"table.gp", table_plot(report, "table.svg")}}, "table.svg", svg,
                 [] { throw_if_stopped("the chart was not drawn"); });
}

// Throws when a file of the table has the name of something that is measured: it would be lost. A table that
// is only taken over by --reuse may be followed by the new one.
void require_no_input_among_results(const TableArguments& a) {
    InputFiles inputs;
    for (const std::string& text : a.data) {
        const fs::path file = train::parse_range(resolve_data(named(text).second)).path;
        inputs.add(file);
        inputs.add(file.string() + kManifestSuffix);
    }
    for (const std::string& text : a.models) {
        inputs.add(model_file(named(text).second));
    }
    if (!a.output.empty()) {
        for (const char* suffix : {".txt", ".md", ".csv", ".json", ".svg", kPartialSuffix}) {
            inputs.require_not(a.output + suffix);
        }
    }
    if (!a.svg.empty()) {
        inputs.require_not(a.svg);
    }
}

void give_out(const TableArguments& a, const TableReport& report) {
    if (a.common.json) {
        print(table_json(report));
    } else if (a.format == TableFormat::csv) {
        print(table_csv(report));
    } else {
        print(a.format == TableFormat::markdown ? table_markdown(report) : table_text(report));
    }
    if (!a.output.empty()) {
        write_text(a.output + ".txt", table_text(report));
        write_text(a.output + ".md", table_markdown(report));
        write_text(a.output + ".csv", table_csv(report));
        write_text(a.output + ".json", table_json(report));
        draw(report, a.output + ".svg");
    }
    if (!a.svg.empty()) {
        draw(report, a.svg);
    }
}

// Writes what a stopped run has and says so; before anything is printed, since another Ctrl-C ends the
// process.
std::string keep_partial(const TableArguments& a, const TableRun& run) {
    if (a.output.empty() || !run.has_measured()) {
        return "";
    }
    const std::string path = a.output + kPartialSuffix;
    try {
        write_text(path, table_json(run.report()));
        return "; to go on, type the same with --reuse " + path;
    } catch (const Error& error) {
        return text_of("; ", path, " could not be written: ", error.what());
    }
}

}  // namespace

int run_table(const TableArguments& a) {
    require_folder_of(a.output);
    require_folder_of(a.svg);
    require_no_input_among_results(a);
    TableRun run(a);
    try {
        run.measure();
    } catch (const Stopped& stop) {
        run.set_incomplete();
        const std::string what = stop.what() + keep_partial(a, run);
        if (!run.report().cells.empty()) {
            // Only to standard output: files of an earlier, whole run stay as they are.
            TableArguments to_terminal = a;
            to_terminal.output.clear();
            to_terminal.svg.clear();
            give_out(to_terminal, run.report());
        }
        throw Stopped(what);
    }
    give_out(a, run.report());
    return run.has_failures() ? kFailed : kDone;
}

}  // namespace bitlaw::cli
