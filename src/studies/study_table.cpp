#include "bitlaw/studies/study_table.hpp"

#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"

namespace bitlaw::studies {

std::string short_text(double value) {
    std::string shown = with_unit(value, "");
    std::erase(shown, ' ');
    // 1.00M is 1M; 100 stays.
    const std::size_t point = shown.find('.');
    if (point != std::string::npos) {
        const std::size_t letters = shown.find_first_not_of("0123456789.");
        const std::string suffix = letters == std::string::npos ? "" : shown.substr(letters);
        std::string digits = shown.substr(0, letters);
        digits.erase(digits.find_last_not_of('0') + 1);
        digits.erase(digits.find_last_not_of('.') + 1);
        shown = digits + suffix;
    }
    return shown;
}

std::string percent_text(double share, int decimals) { return fixed_text(100.0 * share, decimals) + " %"; }

std::string cost_text(double bytes_per_parameter) {
    return text_of(bytes_per_parameter, bytes_per_parameter == 1.0 ? " byte" : " bytes", " a parameter");
}

std::string StudyTable::csv() const {
    std::string result;
    const auto add = [&](std::size_t c, const std::string& value) {
        const bool needs_quotes = value.find_first_of(",\"") != std::string::npos;
        BITLAW_ASSERT(value.find('"') == std::string::npos);
        result += (c == 0 ? "" : ",") + (needs_quotes ? "\"" + value + "\"" : value);
    };
    for (std::size_t c = 0; c < columns.size(); ++c) {
        add(c, columns[c].key);
    }
    result += '\n';
    for (const auto& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) {
            add(c, row[c].exact);
        }
        result += '\n';
    }
    return result;
}

std::vector<std::filesystem::path> write_tables(const std::vector<StudyTable>& tables,
                                                const std::filesystem::path& folder) {
    make_folder(folder);
    // What an earlier fit found must not stand beside this one's tables.
    for (const char* name : {"measured_optimum", "law", "optimum", "prediction", "sensitivity",
                             "extrapolation", "isoflop", "powers", "compressors", "residuals"}) {
        std::error_code ignored;
        std::filesystem::remove(folder / (std::string(name) + ".csv"), ignored);
    }
    std::vector<std::filesystem::path> paths;
    for (const StudyTable& table : tables) {
        const std::string csv = table.csv();
        paths.push_back(folder / (table.name + ".csv"));
        write_file(paths.back(), csv);
    }
    return paths;
}

}  // namespace bitlaw::studies
