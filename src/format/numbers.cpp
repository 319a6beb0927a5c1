#include "bitlaw/format/numbers.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "bitlaw/base/progress.hpp"

namespace bitlaw::format {

std::string short_text(double value) {
    std::string shown = with_unit(value, "");
    std::erase(shown, ' ');
    // 1.00M is 1M; 100 stays.
    if (const std::size_t point = shown.find('.'); point != std::string::npos) {
        const std::size_t end = std::min(shown.find_first_not_of("0123456789", point + 1), shown.size());
        const std::size_t last = shown.find_last_not_of('0', end - 1);
        const std::size_t kept = last == point ? point : last + 1;
        shown.erase(kept, end - kept);
    }
    return shown;
}

std::string general_text(double value) { return fmt::format("{:.4g}", value); }

std::string percent_text(double share, int decimals) {
    return fmt::format("{:.{}f} %", 100.0 * share, decimals);
}

std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        '?');
    return text;
}

}  // namespace bitlaw::format
