#pragma once
/// \file A measured table: rows, columns, cells, and what they were measured with.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/table/table.hpp"

namespace bitlaw::table {

/// A row's compressor or model.
struct TableRow {
    std::string name;
    std::string settings;
    std::optional<std::uint64_t> model_id;
    std::uint64_t model_bytes = 0;
    std::uint64_t trained_bytes = 0;
    bool mixes = false;  ///< a model with experts beside it
};

/// A column's data set.
struct TableColumn {
    std::string name;
    std::string file;
    std::string kind;
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0;
    std::uint64_t skipped_files = 0;
    std::uint64_t row_bytes = datasets::kPatchColumns;  ///< of DataShape
};

/// Where an earlier run measured a cell: rates are the same everywhere, seconds and memory are not.
struct TableProvenance {
    std::string file;  ///< the earlier table's JSON
    std::string machine;
    std::string isa;
    std::string date;
};

/// A rate, or why there is none. A pair of row and column without a cell is one that makes no sense.
struct TableCell {
    TableProtocol protocol = TableProtocol::unchunked;
    std::size_t row = 0;
    std::size_t column = 0;
    std::optional<Measurement> measured{};
    std::string failure{};
    std::optional<TableProvenance> reused{};  ///< when it was not measured in this run
};

struct TableReport {
    std::string machine;
    std::string isa;
    std::string date;
    std::string command;
    std::size_t threads = 1;
    std::uint64_t chunk_bytes = datasets::kChunkBytes;
    bool is_complete = true;  ///< false when the work was stopped
    std::vector<TableColumn> columns;
    std::vector<TableRow> rows;
    std::vector<TableCell> cells;
};

}  // namespace bitlaw::table
