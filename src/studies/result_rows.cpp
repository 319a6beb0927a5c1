#include "result_rows.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"

namespace bitlaw::studies {

std::vector<std::string> row_cells(const std::string& line, std::size_t count) {
    std::vector<std::string> cells = cells_of(line);
    if (cells.size() != count) {
        fail("it has ", cells.size(), " fields instead of ", count);
    }
    return cells;
}

void read_result_rows(const std::filesystem::path& path, std::uint64_t max_bytes, const char* what,
                      const std::function<bool(const std::string&)>& is_header,
                      const std::function<void(const std::string&)>& add) {
    if (!std::filesystem::exists(path)) {
        return;
    }
    const std::vector<std::string> lines = lines_of(read_text(path, max_bytes));
    if (lines.empty() || !is_header(lines.front())) {
        fail(path.string(), ":1: the header is not that of this bitlaw's ", what, "; move the file away");
    }
    for (std::size_t i = 1; i < lines.size(); ++i) {
        try {
            add(lines[i]);
        } catch (const Error& error) {
            fail(path.string(), ":", i + 1, ": this row cannot be read: ", error.what(), "; remove the row");
        }
    }
}

}  // namespace bitlaw::studies
