#include "bitlaw/predict/experts/match.hpp"

#include <algorithm>
#include <bit>

namespace bitlaw::predict {
namespace {

// How far a new match is compared backwards.
constexpr std::uint32_t kVerified = 32;

}  // namespace

MatchTable::MatchTable(std::size_t entries, unsigned least)
    : places_(std::bit_ceil(std::max<std::size_t>(entries, 2)), 0),
      least_(least),
      shift_(64 - static_cast<unsigned>(std::bit_width(places_.size() - 1))) {}

void Match::next(const Past& past, MatchTable& table) {
    if (length_ > 0 && expected_ == (past.last & 0xFF)) {
        length_ = std::min(length_ + 1, kMaxMatch);
        ++place_;
    } else {
        length_ = 0;
    }
    if (past.length() < table.least()) {
        return;
    }
    const std::uint64_t seen = past.last & (~std::uint64_t{0} >> (64 - 8 * table.least()));
    std::uint32_t& entry = table.entry((seen + 1) * 0x9E3779B97F4A7C15);
    if (length_ < 16 && entry != 0) {
        std::uint32_t length = 0;
        while (length < kVerified && length < past.length() &&
               past.history->at(entry - 1 - length) == past.back(length + 1)) {
            ++length;
        }
        if (length >= table.least() && length >= length_) {
            length_ = length;
            place_ = entry;
        }
    }
    entry = past.place;
    if (length_ > 0) {
        expected_ = past.history->at(place_);
    }
}

}  // namespace bitlaw::predict
