#include "bitlaw/base/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/base/utf8.hpp"

namespace bitlaw {
namespace {

constexpr std::string_view kBlanks = " \t\v\f";
constexpr std::string_view kKinds = "\"\\/bfnrt";
constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
constexpr std::string_view kDigits = "0123456789abcdef";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Reads the words of one value.
class ValueReader {
   public:
    explicit ValueReader(std::string_view text) : text_(trimmed(text)) {}

    void read(Setting& setting) {
        const bool is_list = take('[');
        while (skip_to_word(is_list)) {
            setting.words.push_back(read_word(is_list));
        }
        if (is_list) {
            if (!take(']')) {
                fail_usage("the list does not end with ]; a name that begins with [ needs quotes");
            }
            if (skip_to_word(false)) {
                fail_usage("something follows the list");
            }
        }
        const bool is_quoted = setting.words.size() == 1 && (text_.front() == '"' || text_.front() == '\'');
        setting.value = is_quoted ? setting.words.front() : std::string(trimmed(text_.substr(0, at_)));
    }

   private:
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    bool take(char wanted) {
        const bool is_there = !at_end() && text_[at_] == wanted;
        at_ += is_there ? 1 : 0;
        return is_there;
    }

    // False at the end, at a comment and at the end of a list.
    bool skip_to_word(bool is_list) {
        while (!at_end() && (is_blank(text_[at_]) || (is_list && text_[at_] == ','))) {
            ++at_;
        }
        return !at_end() && text_[at_] != '#' && !(is_list && text_[at_] == ']');
    }

    [[nodiscard]] bool is_word_end(bool is_list) const {
        return at_end() || is_blank(text_[at_]) || (is_list && (text_[at_] == ',' || text_[at_] == ']'));
    }

    std::string read_word(bool is_list) {
        std::string word;
        if (take('\'')) {
            while (!at_end() && text_[at_] != '\'') {
                word += text_[at_++];
            }
            require_end('\'', is_list);
        } else if (take('"')) {
            while (!at_end() && text_[at_] != '"') {
                const char c = text_[at_++];
                word += c == '\\' ? read_escape() : std::string(1, c);
            }
            require_end('"', is_list);
        } else {
            while (!is_word_end(is_list)) {
                word += text_[at_++];
            }
        }
        return word;
    }

    void require_end(char quote, bool is_list) {
        if (!take(quote)) {
            fail_usage("a quote does not end");
        }
        if (!is_word_end(is_list)) {
            fail_usage("a blank is missing behind a quote");
        }
    }

    std::uint32_t read_hexadecimal(std::size_t digits) {
        std::uint32_t value = 0;
        const std::string_view text = text_.substr(at_, digits);
        const char* const end = text.data() + text.size();
        if (text.size() < digits || std::from_chars(text.data(), end, value, 16).ptr != end) {
            fail_usage("an escape needs ", digits, " hexadecimal digits");
        }
        at_ += digits;
        return value;
    }

    std::string read_escape() {
        const char kind = at_end() ? '\0' : text_[at_++];
        if (const std::size_t known = kKinds.find(kind); kind != '\0' && known != std::string_view::npos) {
            return {kMeanings[known]};
        }
        if (kind == 'x') {
            return {static_cast<char>(read_hexadecimal(2))};
        }
        if (kind != 'u') {
            fail_usage("the escape \\", kind == '\0' ? ' ' : kind,
                       " is not known; write \\\\ for a backslash");
        }
        std::uint32_t code = read_hexadecimal(4);
        if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            at_ += 2;
            code = 0x10000 + ((code - 0xD800) << 10) + (read_hexadecimal(4) & 0x3FF);
        }
        return utf8_character(code);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Setting parse_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    Setting setting;
    setting.key = trimmed(line.substr(0, equals));
    const bool is_key =
        !setting.key.empty() && std::all_of(setting.key.begin(), setting.key.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                   c == '-' || c == '.';
        });
    if (equals == std::string_view::npos || !is_key) {
        fail_usage("'", trimmed(line), "' is no line of the form key = value");
    }
    ValueReader(line.substr(equals + 1)).read(setting);
    if (setting.words.empty()) {
        fail_usage(setting.key, " has no value; remove the line to keep the default");
    }
    for (const std::string& word : setting.words) {
        if (word.find('\0') != std::string::npos) {
            fail_usage(setting.key, " holds a NUL");
        }
    }
    return setting;
}

bool is_plain(const std::string& word) {
    return !word.empty() && utf8_text(word) == word && std::all_of(word.begin(), word.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != '\x7F' &&
               std::string_view("\"'\\#;[").find(c) == std::string_view::npos;
    });
}

std::string quoted(const std::string& word) {
    std::string text = "\"";
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t length = utf8_length(word, at);
        const char c = word[at];
        const std::size_t known = kMeanings.find(c);
        if (length > 1) {
            text += word.substr(at, length);
        } else if (known != std::string_view::npos && c != '/') {
            text += {'\\', kKinds[known]};
        } else if (length == 0 || static_cast<unsigned char>(c) < ' ' || c == '\x7F') {
            const auto byte = static_cast<unsigned char>(c);
            text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
        } else {
            text += c;
        }
        at += std::max<std::size_t>(length, 1);
    }
    return text + '"';
}

}  // namespace

std::vector<Setting> parse_settings(std::string_view text, const std::string& name) {
    std::vector<Setting> settings;
    std::size_t number = 0;
    for (const std::string& line : lines_of(plain_text(text, name))) {
        ++number;
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') {
            continue;
        }
        try {
            settings.push_back(parse_line(content));
            settings.back().line = number;
        } catch (const UsageError& error) {
            fail_usage(name, ":", number, ": ", error.what());
        }
    }
    return settings;
}

std::string setting_line(std::string_view key, const std::vector<std::string>& words) {
    std::string line(key);
    for (const std::string& word : words) {
        line += (line.size() == key.size() ? '=' : ' ') + (is_plain(word) ? word : quoted(word));
    }
    return line + '\n';
}

std::string setting_line(std::string_view key, const std::string& word) {
    return setting_line(key, std::vector<std::string>{word});
}

}  // namespace bitlaw
