#include <algorithm>

#include "archive_watch.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/coding/recover.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "places.hpp"
#include "table.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace format;

namespace {

const char* length_name(const RecoveredPart& part) {
    switch (part.length) {
        case GapLength::exact: return "exact";
        case GapLength::likely: return "likely";
        default: return "unknown";
    }
}

// Blocks are counted from 1, as in messages.
Table map_of(const Recovery& recovery) {
    Table table{.columns = {{"begin", "begin"},
                            {"end", "end"},
                            {"bytes", "bytes"},
                            {"state", "bytes are", true},
                            {"length", "length is", true},
                            {"archive", "archive"},
                            {"first_block", "block"},
                            {"blocks", "blocks"},
                            {"why", "why", true}}};
    for (const RecoveredPart& part : recovery.parts) {
        table.add({count_cell(part.begin), count_cell(part.begin + part.bytes), count_cell(part.bytes),
                   text_cell(part.missing ? "missing" : "restored"), text_cell(length_name(part)),
                   count_cell(part.archive + 1), count_cell(part.first_block + 1), count_cell(part.blocks),
                   part.why.empty() ? nothing_cell() : text_cell(part.why)});
    }
    return table;
}

void tell(const RecoverArguments& a, const Input& input, const Recovery& recovery, bool to_stdout) {
    const bool unknown = std::any_of(recovery.parts.begin(), recovery.parts.end(),
                                     [](const auto& part) { return part.length == GapLength::unknown; });
    if (a.common.quiet == 0) {
        const bool missing = std::any_of(recovery.parts.begin(), recovery.parts.end(),
                                         [](const auto& part) { return part.missing; });
        note(printable(text_of(input.shown(), ": ", with_commas(recovery.restored_bytes), " bytes restored",
                               missing ? text_of(", ", with_commas(recovery.missing_bytes),
                                                 " bytes missing (zeros stand for them)",
                                                 unknown ? ", and more of unknown length" : "")
                                       : ", nothing is missing",
                               recovery.foreign_bytes > 0 ? text_of("; ", with_commas(recovery.foreign_bytes),
                                                                    " bytes of the file belong to no archive")
                                                          : "")));
    }
    if (a.common.json || (!recovery.complete() && a.common.quiet == 0)) {
        if (!to_stdout) {
            print_rows(map_of(recovery), a.common);
        } else if (a.common.quiet == 0) {
            note(map_of(recovery).text());
        }
    }
}

}  // namespace

int run_recover(const RecoverArguments& a) {
    if (a.file.empty() || a.file == kStandardStream) {
        fail_usage("name the damaged archive; what a pipe gives must be saved first, since it is searched");
    }
    if (a.output.empty()) {
        fail_usage(
            "-o is missing: name the file that shall hold what can be restored, or - for standard "
            "output");
    }
    const bool to_stdout = a.output == kStandardStream;
    if (to_stdout && a.common.json) {
        fail_usage("--json prints the map where the restored bytes go; name a file with -o");
    }
    if (a.model == kNoModel) {
        fail_usage("-m none is for compressing; archives without a network need no -m");
    }
    ModelShelf shelf(a.model);
    const Input input(a.file, {.advice = "save it first, since it is searched"});
    const MappedFile file(a.file);
    InputFiles inputs;
    inputs.add(a.file);
    std::optional<Output> output;
    if (to_stdout) {
        output.emplace(input);
    } else {
        output.emplace(a.output, input, inputs, OutputRules{.force = a.force, .sparse = true});
    }
    const model::StoredModel* const stand_in = a.model.empty() ? nullptr : &shelf.chosen();
    const Recovery recovery = naming(input.shown(), [&] {
        ArchiveWatch watch(a.common, input.shown(), 0);
        const ModelFinder find = [&shelf](std::uint64_t id) -> const model::StoredModel& {
            return shelf.by_id(id);
        };
        return recover(
            find, stand_in, file.bytes(), [&](ByteSpan data) { output->write(data); },
            [&](std::uint64_t plain, std::uint64_t archive) { watch(plain, archive); });
    });
    output->commit();
    tell(a, input, recovery, to_stdout);
    return recovery.complete() ? kDone : kFailed;
}

}  // namespace bitlaw::cli
