#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/restore.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace format;

int run_list(const ArchiveArguments& arguments) {
    const std::vector<std::string> files =
        arguments.files.empty() ? std::vector<std::string>{kStandardStream} : arguments.files;
    Table table{.columns = {{"file", "file", true},
                            {"model", "model", true},
                            {"embedded", "embedded", true},
                            {"blocks", "blocks"},
                            {"stored_blocks", "stored"},
                            {"mixed_blocks", "mixed"},
                            {"streams", "streams"},
                            {"model_bytes", "model bytes"},
                            {"archive_bytes", "archive bytes"},
                            {"plain_bytes", "plain bytes"},
                            {"rate", "rate"},
                            {"bits_per_byte", "bits/byte"}}};
    const auto add = [&table](Cell name, Cell model, Cell embedded, const CodecSummary& s) {
        const double rate = static_cast<double>(s.archive_bytes) / static_cast<double>(s.plain_bytes);
        table.add({std::move(name), std::move(model), std::move(embedded), count_cell(s.blocks),
                   count_cell(s.blocks_of(kStored)), count_cell(s.fallback_blocks()), count_cell(s.streams),
                   count_cell(s.model_bytes), count_cell(s.archive_bytes), count_cell(s.plain_bytes),
                   share_cell(rate), number_cell(8 * rate, 3)});
    };
    CodecSummary sum;
    std::size_t listed = 0;
    int worst = kDone;
    for (const std::string& file : files) {
        try {
            const Input input(file, {.special = true, .terminal = arguments.force});
            const ArchiveListing listing =
                naming(input.shown(), [&] { return list_archive(input.source()); });
            const CodecSummary& s = listing.summary;
            Cell name = text_cell(input.shown());
            if (listing.archives > 1) {
                name.shown += text_of(" (", listing.archives, " archives)");
            }
            add(std::move(name),
                listing.one_model ? text_cell(hex64(listing.model_id)) : text_cell("several"),
                flag_cell(listing.embedded), s);
            sum += s;
            ++listed;
        } catch (const Stopped&) {
            throw;
        } catch (...) {
            worst = std::max(worst, report_failure("list", arguments.common.quiet > 1));
        }
    }
    if (listed > 1 && !arguments.common.json) {
        add(text_cell("together"), nothing_cell(), nothing_cell(), sum);
    }
    if (arguments.common.json || listed > 0) {
        print_rows(table, arguments.common);
    }
    return worst;
}

}  // namespace bitlaw::cli
