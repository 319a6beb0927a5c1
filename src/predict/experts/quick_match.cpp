#include "bitlaw/predict/experts/quick_match.hpp"

#include <algorithm>
#include <bit>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {
namespace {

// How far a new match is compared backwards.
constexpr std::uint32_t kVerified = 32;

}  // namespace

QuickMatches::QuickMatches(std::size_t entries)
    : places_(entries, 0), shift_(65 - static_cast<unsigned>(std::bit_width(entries))) {
    BITLAW_ASSERT(entries >= 2 && std::has_single_bit(entries));
}

void QuickMatches::accept(QuickMatch& match, const Past& past) {
    if (match.length > 0 && match.expected == (past.last & 0xFF)) {
        match.length = std::min(match.length + 1, kMaxMatch);
        ++match.place;
    } else {
        match.length = 0;
    }
    match.candidate = 0;
    if (past.length() >= kShortest) {
        std::uint32_t& noted = places_[slot(past.last)];
        if (match.length == 0) {
            match.candidate = noted;
            past.history->prefetch(noted);
        }
        noted = past.place;
    }
}

void QuickMatches::begin(QuickMatch& match, const Past& past) const {
    if (match.candidate != 0) {
        const std::uint32_t length =
            past.history->agreeing(match.candidate, past.place, std::min(kVerified, past.length()));
        if (length >= kShortest) {
            match.length = length;
            match.place = match.candidate;
        }
    }
    if (match.length > 0) {
        match.expected = past.history->at(match.place);
    }
}

}  // namespace bitlaw::predict
