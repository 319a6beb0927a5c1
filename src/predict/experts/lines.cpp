#include "bitlaw/predict/experts/lines.hpp"

#include <algorithm>

namespace bitlaw::predict {
namespace {

std::uint64_t kind_of(std::uint8_t byte) {
    if (byte >= 'a' && byte <= 'z') {
        return 1;
    }
    if (byte >= 'A' && byte <= 'Z') {
        return 2;
    }
    if (byte >= '0' && byte <= '9') {
        return 3;
    }
    switch (byte) {
        case ' ': return 4;
        case '\n': return 5;
        case '.':
        case ',':
        case ';':
        case ':': return 6;
        case '<':
        case '>': return 8;
        case '[':
        case ']':
        case '(':
        case ')':
        case '{':
        case '}': return 9;
        case '\'':
        case '"': return 10;
        case '=':
        case '|': return 11;
        case '&':
        case '/': return 12;
        default: return byte >= 128 ? 7 : byte < 32 ? 13 : 14;
    }
}

}  // namespace

void Lines::accept(const Past& past) {
    const auto byte = static_cast<std::uint8_t>(past.last & 0xFF);
    kinds_ = kinds_ << 4 | kind_of(byte);
    if (past.length() == 1) {
        start_ = start_above_ = past.start;
    }
    const std::uint32_t column = past.place - start_;
    if (byte == '\n') {
        start_above_ = start_;
        start_ = past.place;
        beginning_ = 0;
    } else if (column <= 2) {
        beginning_ = beginning_ << 8 | byte;
    }
    accept_tag(byte);
}

void Lines::accept_tag(std::uint8_t byte) {
    if (byte == '<') {
        in_ = In::name;
        name_ = 0;
        closing_ = false;
    } else if (in_ == In::text) {
        return;
    } else if (byte == '>') {
        if (closing_) {
            depth_ -= depth_ > 0 ? 1 : 0;
        } else if (name_ != 0) {
            tags_[depth_ % kDepth] = name_;
            ++depth_;
        }
        in_ = In::text;
    } else if (byte == '/') {
        if (name_ == 0) {
            closing_ = true;
        } else if (in_ == In::attributes) {
            name_ = 0;  // an empty element opens nothing
        }
    } else if (in_ == In::name) {
        if (byte == ' ' || byte == '\n') {
            in_ = In::attributes;
        } else {
            name_ = static_cast<std::uint32_t>((name_ + byte + 1U) * 0x2C1B3C6DU);
        }
    }
}

void Lines::add_contexts(const Past& past, std::size_t first_id, std::uint64_t word,
                         ContextList& contexts) const {
    const std::uint64_t newest = past.last & 0xFF;
    const std::uint32_t column = past.place - start_;
    // Beyond the end of the line above there is only its end.
    const std::uint32_t width = start_ - start_above_;
    const std::uint64_t above = width > column ? past.back(width) : std::uint8_t{0};
    const std::uint64_t tag = depth_ > 0 ? tags_[(depth_ - 1) % kDepth] : 0U;
    contexts.add_own(first_id, joined(std::min(column, 255U), above));
    contexts.add_own(first_id + 1, joined(beginning_, word, newest));
    contexts.add_own(first_id + 2, joined(kinds_ & 0xFFFFFFFF, newest));
    contexts.add_own(first_id + 3, joined(tag, static_cast<std::uint64_t>(in_) << 32 | name_,
                                          word != 0 ? word : past.last & 0xFFFF));
}

}  // namespace bitlaw::predict
