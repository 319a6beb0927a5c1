#include "bitlaw/base/size.hpp"

#include <array>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "bitlaw/base/error.hpp"

namespace bitlaw {
namespace {

// What stands after the digits of a size. Zero means: not a suffix that bitlaw knows.
std::uint64_t size_factor(std::string_view suffix) {
    struct Suffix {
        std::string_view text;
        std::uint64_t factor;
    };
    constexpr std::array<Suffix, 9> kSuffixes{{{"", 1},
                                               {"K", 1'000},
                                               {"M", 1'000'000},
                                               {"G", 1'000'000'000},
                                               {"T", 1'000'000'000'000},
                                               {"KiB", std::uint64_t{1} << 10},
                                               {"MiB", std::uint64_t{1} << 20},
                                               {"GiB", std::uint64_t{1} << 30},
                                               {"TiB", std::uint64_t{1} << 40}}};
    for (const Suffix& known : kSuffixes) {
        if (suffix == known.text) {
            return known.factor;
        }
    }
    return 0;
}

// Appends a decimal digit; false when the number no longer fits.
bool append_digit(std::uint64_t& number, char digit) {
    const auto value = static_cast<std::uint64_t>(digit - '0');
    if (number > (std::numeric_limits<std::uint64_t>::max() - value) / 10) {
        return false;
    }
    number = number * 10 + value;
    return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::uint64_t parse_size(const std::string& text) {
    const auto refuse = [&](const char* why) {
        fail_usage("'", text, "' ", why, "; write a size such as 500, 16K, 1.5M, 2G or 64MiB");
    };
    std::uint64_t digits = 0;  // all digits, those after the point included
    std::uint64_t scale = 1;   // 10 to the number of digits after the point
    std::size_t place = 0;
    bool fits = true;
    while (place < text.size() && is_digit(text[place])) {
        fits = append_digit(digits, text[place++]) && fits;
    }
    if (place == 0) {
        refuse("is not a size");
    }
    if (place < text.size() && text[place] == '.') {
        const std::size_t point = place++;
        while (place < text.size() && is_digit(text[place])) {
            fits = append_digit(digits, text[place++]) && append_digit(scale, '0') && fits;
        }
        if (place == point + 1) {
            refuse("is not a size");
        }
    }
    std::uint64_t factor = size_factor(std::string_view(text).substr(place));
    if (factor == 0) {
        refuse("is not a size");
    }
    const std::uint64_t common = std::gcd(factor, scale);
    factor /= common;
    scale /= common;
    if (!fits || digits / scale > std::numeric_limits<std::uint64_t>::max() / factor) {
        refuse("is too large");
    }
    if (digits % scale != 0) {
        refuse("is not a whole number of units");
    }
    return digits / scale * factor;
}

std::string size_text(std::uint64_t value) {
    constexpr std::array<std::pair<std::uint64_t, char>, 4> kUnits{
        {{1'000'000'000'000, 'T'}, {1'000'000'000, 'G'}, {1'000'000, 'M'}, {1'000, 'K'}}};
    for (const auto& [unit, letter] : kUnits) {
        // Up to three digits behind the point say all there is.
        if (value >= unit && value % (unit / 1000) == 0) {
            std::string text = std::to_string(value / unit);
            if (std::uint64_t rest = value % unit / (unit / 1000); rest != 0) {
                std::string digits = std::to_string(1000 + rest).substr(1);
                digits.erase(digits.find_last_not_of('0') + 1);
                text += '.' + digits;
            }
            return text + letter;
        }
    }
    return std::to_string(value);
}

}  // namespace bitlaw
