#include "bitlaw/base/text_file.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"

namespace bitlaw {

std::string plain_text(std::string_view bytes, const std::string& name) {
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
        fail(name, " is text in UTF-16; save it as UTF-8");
    }
    if (bytes.starts_with("\xEF\xBB\xBF")) {
        bytes.remove_prefix(3);
    }
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        if (bytes[at] != '\r') {
            text += bytes[at];
        } else if (at + 1 == bytes.size() || bytes[at + 1] != '\n') {
            text += '\n';
        }
    }
    return text;
}

std::string read_text(const std::filesystem::path& path, std::uint64_t max_bytes) {
    const Bytes bytes = read_file(path, max_bytes);
    return plain_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::vector<std::string> cells_of(std::string_view row) {
    std::vector<std::string> cells;
    for (std::size_t comma = row.find(','); comma != std::string_view::npos; comma = row.find(',')) {
        cells.emplace_back(row.substr(0, comma));
        row.remove_prefix(comma + 1);
    }
    cells.emplace_back(row);
    return cells;
}

}  // namespace bitlaw
