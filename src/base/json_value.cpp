#include "bitlaw/base/json_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/base/utf8.hpp"

namespace bitlaw {
namespace {

/// Nesting that a reader follows; bounds the stack against hostile text.
constexpr int kMostDepth = 32;

}  // namespace

class JsonParser {
   public:
    JsonParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    JsonValue whole() {
        JsonValue value = read(0);
        skip_blanks();
        if (at_ != text_.size()) {
            wrong("something follows the value");
        }
        return value;
    }

   private:
    [[noreturn]] void wrong(const char* what) const {
        fail(name_, " is no JSON at byte ", at_, ": ", what, "; make the file again");
    }

    void skip_blanks() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
    }

    char peek() {
        skip_blanks();
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool take(char wanted) {
        if (peek() != wanted || at_ == text_.size()) {
            return false;
        }
        ++at_;
        return true;
    }

    bool take_word(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) {
            return false;
        }
        at_ += word.size();
        return true;
    }

    JsonValue read(int depth) {
        if (depth > kMostDepth) {
            wrong("it is nested too deeply");
        }
        JsonValue value;
        switch (peek()) {
            case '{':
                value.type_ = JsonValue::Type::object;
                read_members(value, '}', depth);
                break;
            case '[':
                value.type_ = JsonValue::Type::list;
                read_members(value, ']', depth);
                break;
            case '"':
                value.type_ = JsonValue::Type::text;
                value.text_ = read_text();
                break;
            default: read_word(value);
        }
        return value;
    }

    void read_members(JsonValue& value, char end, int depth) {
        ++at_;
        if (take(end)) {
            return;
        }
        do {
            if (end == '}') {
                if (peek() != '"') {
                    wrong("a name is missing");
                }
                value.keys_.push_back(read_text());
                if (!take(':')) {
                    wrong("a colon is missing");
                }
            }
            value.items_.push_back(read(depth + 1));
        } while (take(','));
        if (!take(end)) {
            wrong("a comma or the closing bracket is missing");
        }
    }

    void read_word(JsonValue& value) {
        if (take_word("null")) {
            return;
        }
        if (take_word("true") || take_word("false")) {
            value.type_ = JsonValue::Type::boolean;
            value.text_ = text_[at_ - 2] == 'u' ? "true" : "false";
            return;
        }
        double number = 0;
        const char* const begin = text_.data() + at_;
        const auto result = std::from_chars(begin, text_.data() + text_.size(), number);
        if (result.ec != std::errc{} || !(*begin == '-' || (*begin >= '0' && *begin <= '9'))) {
            wrong("there is no value");
        }
        value.type_ = JsonValue::Type::number;
        value.text_.assign(begin, result.ptr);
        at_ += static_cast<std::size_t>(result.ptr - begin);
    }

    std::uint32_t read_code() {
        std::uint32_t code = 0;
        const std::string_view digits = text_.substr(at_, 4);
        const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (digits.size() < 4 || result.ptr != digits.data() + 4) {
            wrong("\\u needs four hexadecimal digits");
        }
        at_ += 4;
        return code;
    }

    std::string read_text() {
        std::string text;
        for (++at_; at_ < text_.size() && text_[at_] != '"';) {
            const char c = text_[at_++];
            if (static_cast<unsigned char>(c) < 0x20) {
                wrong("a control character stands in a text");
            }
            if (c != '\\') {
                text += c;
                continue;
            }
            const char kind = at_ < text_.size() ? text_[at_++] : '\0';
            constexpr std::string_view kKinds = "\"\\/bfnrt";
            constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
            if (const std::size_t known = kKinds.find(kind);
                kind != '\0' && known != std::string_view::npos) {
                text += kMeanings[known];
            } else if (kind == 'u') {
                std::uint32_t code = read_code();
                if (code >= 0xD800 && code < 0xDC00 && take_word("\\u")) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (read_code() & 0x3FF);
                }
                text += utf8_character(code);
            } else {
                wrong("the escape is not known");
            }
        }
        if (at_ == text_.size()) {
            wrong("a text does not end");
        }
        ++at_;
        return utf8_bytes(text);
    }

    std::string_view text_;
    const std::string& name_;
    std::size_t at_ = 0;
};

JsonValue JsonValue::parse(std::string_view text, const std::string& name) {
    const std::string plain = plain_text(text, name);
    return JsonParser(plain, name).whole();
}

const JsonValue& JsonValue::operator[](std::string_view key) const {
    static const JsonValue nothing;
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    return found == keys_.end() ? nothing : items_[static_cast<std::size_t>(found - keys_.begin())];
}

std::string JsonValue::text_or(std::string otherwise) const {
    return type_ == Type::text ? text_ : std::move(otherwise);
}

std::uint64_t JsonValue::integer_or(std::uint64_t otherwise) const {
    std::uint64_t value = 0;
    const char* const end = text_.data() + text_.size();
    const auto result = std::from_chars(text_.data(), end, value);
    return type_ == Type::number && result.ec == std::errc{} && result.ptr == end ? value : otherwise;
}

double JsonValue::number_or(double otherwise) const {
    double value = 0;
    const char* const end = text_.data() + text_.size();
    const auto result = std::from_chars(text_.data(), end, value);
    return type_ == Type::number && result.ec == std::errc{} && std::isfinite(value) ? value : otherwise;
}

bool JsonValue::boolean_or(bool otherwise) const {
    return type_ == Type::boolean ? text_ == "true" : otherwise;
}

}  // namespace bitlaw
