#pragma once
/// \file A table of a study: the same cells for the terminal, CSV files and the report.

#include <filesystem>
#include <string>
#include <vector>

namespace bitlaw::studies {

/// A value as people read it, and exactly.
struct StudyCell {
    std::string shown;
    std::string exact;
};

struct StudyColumn {
    std::string key;    ///< in CSV, with its unit
    std::string title;  ///< for people
    bool left = false;  ///< text stands left, numbers right
};

struct StudyTable {
    std::string name;  ///< of the CSV file, without suffix
    std::string title;
    std::string note;  ///< what the columns mean, in a sentence or two
    std::vector<StudyColumn> columns;
    std::vector<std::vector<StudyCell>> rows;
    [[nodiscard]] std::string csv() const;
};

/// Writes each table to folder/NAME.csv, removes the files of tables that are no longer there, and returns
/// the paths.
std::vector<std::filesystem::path> write_tables(const std::vector<StudyTable>& tables,
                                                const std::filesystem::path& folder);

/// Numbers for people: three significant digits with K, M, G, T; a share in percent.
[[nodiscard]] std::string short_text(double value);
[[nodiscard]] std::string percent_text(double share, int decimals);
/// "2 bytes a parameter".
[[nodiscard]] std::string cost_text(double bytes_per_parameter);

}  // namespace bitlaw::studies
