#include "bitlaw/base/json.hpp"

#include <cstddef>

namespace bitlaw {
namespace {

// Bytes of the UTF-8 character at `at`, 0 when there is none: too long for its number, a surrogate, beyond
// U+10FFFF, cut off (RFC 3629).
std::size_t character_bytes(const std::string& text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned first = byte(at);
    const std::size_t bytes = first < 0x80                     ? 1
                              : first >= 0xC2 && first <= 0xDF ? 2
                              : first >= 0xE0 && first <= 0xEF ? 3
                              : first >= 0xF0 && first <= 0xF4 ? 4
                                                               : 0;
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = byte(at + 1);
    const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                       (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
    return wrong ? 0 : bytes;
}

}  // namespace

std::string json_text(const std::string& text) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string json = "\"";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (const std::size_t bytes = character_bytes(text, at); bytes != 1) {
            json += bytes == 0 ? "\xEF\xBF\xBD" : text.substr(at, bytes);  // U+FFFD
            at += bytes == 0 ? 0 : bytes - 1;
        } else if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            json += "\\u00";
            json += kDigits[static_cast<unsigned char>(c) >> 4];
            json += kDigits[static_cast<unsigned char>(c) & 15];
        } else {
            json += c;
        }
    }
    return json + "\"";
}

}  // namespace bitlaw
