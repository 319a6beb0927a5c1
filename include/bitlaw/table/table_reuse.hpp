#pragma once
/// \file Cells of tables that were measured before, read back from their JSON, so that nobody measures them
/// twice.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bitlaw/table/table_report.hpp"

namespace bitlaw::table {

/// A measured cell with all that its figures depend on.
struct EarlierCell {
    TableProtocol protocol = TableProtocol::unchunked;
    std::uint64_t chunk_bytes = 0;  ///< 0 unless chunked
    TableRow row;
    TableColumn column;
    Measurement measured;  ///< without its origin, which depends on files that may have changed
    TableProvenance from;
};

/// What a table asks for.
struct WantedCell {
    TableProtocol protocol = TableProtocol::unchunked;
    std::uint64_t chunk_bytes = 0;  ///< of the chunked protocol
    const TableRow& row;
    const TableColumn& column;
    bool must_be_restored = false;  ///< an archive that was not restored is not enough
};

/// Cells of any number of tables.
class EarlierCells {
   public:
    /// Adds a file that table_json() made, complete or not; cells that failed are left out. Throws Error with
    /// the path for a file that is none, contradicts itself or holds numbers that nothing can have measured.
    void add(const std::filesystem::path& path);
    /// The same of a text; `name` stands in errors and in the cells' provenance.
    void add(std::string_view json, const std::string& name);

    /// The first cell of the same measurement, or null: the same protocol and chunk; data of the same hash,
    /// length, kind and row length; the same settings and the same model, or of a classical compressor the
    /// same name.
    [[nodiscard]] const EarlierCell* find(const WantedCell& wanted) const;
    [[nodiscard]] std::size_t size() const { return cells_.size(); }

   private:
    std::vector<EarlierCell> cells_;
};

}  // namespace bitlaw::table
