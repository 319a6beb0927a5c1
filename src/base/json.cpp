#include "bitlaw/base/json.hpp"

#include "bitlaw/base/utf8.hpp"

namespace bitlaw {

std::string json_text(const std::string& bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string json = "\"";
    for (const char c : utf8_text(bytes)) {
        if (c == '"' || c == '\\') {
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
