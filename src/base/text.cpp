#include "bitlaw/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace bitlaw {

std::string exact_text(double value) {
    std::array<char, 32> text{};  // the shortest form of a double has at most 24 characters
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string fixed_text(double value, int decimals) {
    std::array<char, 400> text{};  // the largest double has 309 digits before the point
    return {
        text.data(),
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals).ptr};
}

std::size_t shown_width(const std::string& text) {
    // Bytes that continue a character take no column.
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace bitlaw
