#include "bitlaw/table/table_reuse.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/format/json.hpp"

namespace bitlaw::table {

using namespace datasets;
using namespace format;

namespace {

/// Some 100,000 cells.
constexpr std::uint64_t kMostFileBytes = 1 << 26;
constexpr double kMostSeconds = 3.2e9;  // a century
/// Of a compressor's output, which for a chunk of a few bytes is mostly headers, and of a model's, whose
/// integer frequencies cost 32 bits a byte at most.
constexpr double kMostBytesOfByte = 100.0;
constexpr double kMostBytesOfChunk = 1e6;
constexpr double kMostBytesOfModelByte = 4.0;
constexpr double kMostBytesOfArchive = 1024.0;
constexpr std::uint64_t kMostThreads = 1 << 20;

using ModelId = std::optional<std::uint64_t>;

class TableReader {
   public:
    TableReader(std::string_view json, const std::string& name)
        : name_(name), table_(parse_json(json, name)) {
        const auto is_list = [&](const char* key) { return member(table_, key).is_array(); };
        if (!is_list("data_sets") || !is_list("compressors") || !is_list("cells")) {
            wrong("it has no data_sets, compressors and cells");
        }
        for (const Json& set : member(table_, "data_sets")) {
            TableColumn column{.name = text(set, "name"),
                               .file = text_in(set, "file").value_or(""),
                               .kind = text(set, "kind"),
                               .bytes = integer(set, "bytes", 1),
                               .hash = hex(set, "hash"),
                               // Tables had no such field when every row had this length.
                               .row_bytes = member(set, "row_bytes").is_null()
                                                ? kPatchColumns
                                                : integer(set, "row_bytes", 1)};
            std::pair key(column.name, column.hash);
            columns_.emplace(std::move(key), std::move(column));
        }
        for (const Json& compressor : member(table_, "compressors")) {
            TableRow row{.name = text(compressor, "name"),
                         .settings = text(compressor, "settings"),
                         .model_id = model_of(compressor),
                         .model_bytes = integer(compressor, "model_bytes"),
                         .trained_bytes = integer(compressor, "trained_bytes")};
            const auto [at, is_new] = rows_.try_emplace({row.name, row.model_id}, row);
            // A cell names its row; of two rows with one name it cannot be told whose it is.
            if (!is_new && at->second && at->second->settings != row.settings) {
                at->second.reset();
            }
        }
    }

    [[nodiscard]] std::vector<EarlierCell> cells() {
        std::vector<EarlierCell> cells;
        for (const Json& cell : member(table_, "cells")) {
            ++cell_;
            const bool has_failed = !member(cell, "failure").is_null() && text_in(cell, "failure") != "";
            const TableRow* const row = row_of(cell);
            if (!has_failed && row != nullptr) {
                cells.push_back(read(cell, *row));
            }
        }
        return cells;
    }

   private:
    [[noreturn]] void wrong(const std::string& what) const {
        fail(name_, ": ", cell_ == 0 ? "" : text_of("cell ", cell_, ": "), what,
             "; give a file that 'bitlaw table' wrote as JSON");
    }

    std::string text(const Json& object, const char* key) const {
        const std::optional<std::string> value = text_in(object, key);
        if (!value) {
            wrong(text_of("its ", key, " is no text"));
        }
        return *value;
    }

    // Of the cell, or of the whole table, which older files have it for.
    std::string text_of_either(const Json& cell, const char* key) const {
        return text(member(cell, key).is_null() ? table_ : cell, key);
    }

    std::uint64_t integer(const Json& object, const char* key, std::uint64_t least = 0,
                          std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
        const std::optional<std::uint64_t> value = integer_in(object, key);
        if (!value || *value < least || *value > most) {
            wrong(text_of("its ", key, " is no possible number"));
        }
        return *value;
    }

    double number(const Json& object, const char* key, double least, double most) const {
        const std::optional<double> value = number_in(object, key);
        if (!value || !(*value >= least && *value <= most)) {
            wrong(text_of("its ", key, " is no possible number"));
        }
        return *value;
    }

    std::uint64_t hex(const Json& object, const char* key) const {
        const std::string digits = text(object, key);
        std::uint64_t value = 0;
        const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 16 || result.ec != std::errc{} || result.ptr != digits.data() + digits.size()) {
            wrong(text_of("its ", key, " is not 16 hexadecimal digits"));
        }
        return value;
    }

    ModelId model_of(const Json& object) const {
        return member(object, "model").is_null() ? ModelId() : ModelId(hex(object, "model"));
    }

    // Null when the table has two of that name.
    const TableRow* row_of(const Json& cell) const {
        const auto row = rows_.find({text(cell, "compressor"), model_of(cell)});
        if (row == rows_.end()) {
            wrong("it is of no compressor of the table");
        }
        return row->second ? &*row->second : nullptr;
    }

    EarlierCell read(const Json& cell, const TableRow& row) const {
        EarlierCell earlier{.row = row, .column = {}, .measured = {}, .from = {}};
        const std::string protocol = text(cell, "protocol");
        if (protocol == "chunked") {
            earlier.protocol = TableProtocol::chunked;
            earlier.chunk_bytes = integer(cell, "chunk_bytes", 1);
        } else if (protocol != (row.model_id ? "continuous" : "unchunked")) {
            wrong("its protocol is not one that its compressor has");
        }
        const auto column = columns_.find({text(cell, "data_set"), hex(cell, "data_hash")});
        if (column == columns_.end()) {
            wrong("it is of no data set of the table");
        }
        earlier.column = column->second;
        Measurement& m = earlier.measured;
        m.plain_bytes = integer(cell, "plain_bytes");
        m.model_bytes = integer(cell, "model_bytes");
        if (m.plain_bytes != earlier.column.bytes || m.model_bytes != row.model_bytes) {
            wrong("it has other bytes than its data set or its model");
        }
        m.chunks = integer(cell, "chunks", 1);
        const bool is_chunked = earlier.protocol == TableProtocol::chunked;
        if (m.chunks != (is_chunked ? (m.plain_bytes - 1) / earlier.chunk_bytes + 1 : 1)) {
            wrong("its chunks are not those of its bytes");
        }
        m.header_bytes = integer(cell, "header_bytes", 0, std::uint64_t{1} << 20);
        const auto plain = static_cast<double>(m.plain_bytes);
        const auto chunks = static_cast<double>(m.chunks);
        // What is taken off for headers can be more than there is.
        m.coded_bytes = number(cell, "coded_bytes", -(chunks - 1) * static_cast<double>(m.header_bytes),
                               row.model_id ? kMostBytesOfModelByte * plain + kMostBytesOfArchive
                                            : kMostBytesOfByte * plain + kMostBytesOfChunk * chunks);
        m.seconds = number(cell, "seconds", 0, kMostSeconds);
        if (!member(cell, "restore_seconds").is_null()) {
            m.restore_seconds = number(cell, "restore_seconds", 0, kMostSeconds);
        }
        if (!member(cell, "peak_memory_bytes").is_null()) {
            m.peak_memory = integer(cell, "peak_memory_bytes");
        }
        m.threads = integer(cell, "threads", 1, kMostThreads);
        m.source = source_of(cell, row.model_id.has_value(), earlier.protocol);
        earlier.from = {.file = name_,
                        .machine = text_of_either(cell, "machine"),
                        .isa = text_of_either(cell, "isa"),
                        .date = text_of_either(cell, "date")};
        return earlier;
    }

    RateSource source_of(const Json& cell, bool is_model, TableProtocol protocol) const {
        const bool is_chunked = protocol == TableProtocol::chunked;
        const std::string name = text(cell, "rate_from");
        for (const RateSource source :
             {RateSource::restored, RateSource::archive, RateSource::program, RateSource::estimate}) {
            const bool is_possible = source == RateSource::restored   ? !(is_model && is_chunked)
                                     : source == RateSource::archive  ? is_model && !is_chunked
                                     : source == RateSource::estimate ? is_model && is_chunked
                                                                      : !is_model && !is_chunked;
            if (is_possible && name == rate_source_name(source)) {
                return source;
            }
        }
        wrong("its rate_from is not one that its protocol has");
    }

    const std::string& name_;
    Json table_;
    std::size_t cell_ = 0;  // from 1; 0 outside of cells
    std::map<std::pair<std::string, std::uint64_t>, TableColumn> columns_;
    std::map<std::pair<std::string, ModelId>, std::optional<TableRow>> rows_;
};

}  // namespace

void EarlierCells::add(const std::filesystem::path& path) {
    add(read_text(path, kMostFileBytes), path.string());
}

void EarlierCells::add(std::string_view json, const std::string& name) {
    std::vector<EarlierCell> cells = TableReader(json, name).cells();
    std::move(cells.begin(), cells.end(), std::back_inserter(cells_));
}

const EarlierCell* EarlierCells::find(const WantedCell& wanted) const {
    const TableRow& row = wanted.row;
    const TableColumn& column = wanted.column;
    const auto found = std::find_if(cells_.begin(), cells_.end(), [&](const EarlierCell& cell) {
        return cell.protocol == wanted.protocol &&
               (cell.protocol == TableProtocol::unchunked || cell.chunk_bytes == wanted.chunk_bytes) &&
               cell.column.hash == column.hash && cell.column.bytes == column.bytes &&
               cell.column.kind == column.kind && cell.column.row_bytes == column.row_bytes &&
               cell.row.model_id == row.model_id && cell.row.model_bytes == row.model_bytes &&
               cell.row.settings == row.settings && (row.model_id || cell.row.name == row.name) &&
               (!wanted.must_be_restored || cell.measured.source == RateSource::restored);
    });
    return found == cells_.end() ? nullptr : &*found;
}

}  // namespace bitlaw::table
