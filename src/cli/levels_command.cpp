#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/levels.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace format;
using namespace model;
using namespace predict;

namespace {

struct Cost {
    std::uint64_t bytes = 0;
    double seconds = 0;
    double restore_seconds = 0;
};

// Compresses in memory, restores and compares.
Cost cost_of(const Level& level, const StoredModel* network, ByteSpan plain) {
    CompressOptions options;
    options.fallback = Fallback::best;
    options.progress = [](std::uint64_t, std::uint64_t) { throw_if_stopped("no level is told"); };
    options.stack.source = network == nullptr ? NetworkSource::none : NetworkSource::model;
    mix_with(options, {.set = level.experts, .bytes = plain.size()});
    Bytes archive;
    const Progress clock(0);
    Cost cost;
    cost.bytes = compress(network, options, source_of(plain), sink_to(archive)).archive_bytes;
    cost.seconds = clock.seconds();
    Bytes restored;
    const Progress restore_clock(0);
    (void)decompress([&](std::uint64_t) -> const StoredModel& { return *network; }, source_of(archive),
                     sink_to(restored), options.progress);
    cost.restore_seconds = restore_clock.seconds();
    if (!std::equal(plain.begin(), plain.end(), restored.begin(), restored.end())) {
        fail("level -", level.number, " did not restore the file");
    }
    return cost;
}

}  // namespace

int run_levels(const LevelsArguments& a) {
    Table table{.columns = {{"level", "level", true},
                            {"network", "network", true},
                            {"experts", "experts", true},
                            {"learns", "learns", true},
                            {"runs", "runs here", true}}};
    std::optional<MappedFile> file;
    ByteSpan plain;
    if (!a.file.empty()) {
        file.emplace(resolve_data(a.file));
        plain = file->bytes().first(std::min<std::size_t>(file->bytes().size(), a.bytes));
        if (plain.empty()) {
            fail(a.file, " is empty, so that nothing can be measured; name another file");
        }
        for (const Column& column : {Column{"archive_bytes", "archive bytes"}, Column{"rate", "rate"},
                                     Column{"seconds", "seconds"}, Column{"restore_seconds", "to restore"}}) {
            table.columns.push_back(column);
        }
    }
    for (const Level& level : levels()) {
        const std::string why = obstacle(level);
        std::vector<Cell> row{text_cell(text_of("-", level.number)),
                              text_cell(level.network == nullptr ? "none" : level.network),
                              text_cell(expert_set_name(level.experts)), flag_cell(level.learns),
                              text_cell(why.empty() ? "yes" : why)};
        if (file && why.empty()) {
            std::optional<StoredModel> network;
            if (level.network != nullptr) {
                network = load_model(*network_file(level));
            }
            const Cost cost = cost_of(level, network ? &*network : nullptr, plain);
            row.push_back(count_cell(cost.bytes));
            row.push_back(share_cell(static_cast<double>(cost.bytes) / static_cast<double>(plain.size())));
            row.push_back(number_cell(cost.seconds, 2));
            row.push_back(number_cell(cost.restore_seconds, 2));
        } else if (file) {
            row.insert(row.end(), 4, nothing_cell());
        }
        table.add(std::move(row));
    }
    if (file) {
        if (!a.common.json) {
            print(text_of("the first ", plain.size(), " bytes of ", printable(a.file), "\n"));
        }
        print_table(table, a.common, {{"bytes", plain.size()}});
    } else {
        print_rows(table, a.common);
    }
    return kDone;
}

}  // namespace bitlaw::cli
