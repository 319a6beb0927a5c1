#include "bitlaw/predict/experts/match.hpp"

#include <algorithm>
#include <bit>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {
namespace {

// How far a new match is compared backwards.
constexpr std::uint32_t kVerified = 48;
// A match as long as this is not given up for a more recent one.
constexpr std::uint32_t kKept = 20;

}  // namespace

MatchFinder::MatchFinder(std::size_t entries, unsigned min_length)
    : places_(std::bit_ceil(std::max<std::size_t>(entries, 2)), 0),
      min_length_(min_length),
      shift_(65 - static_cast<unsigned>(std::bit_width(places_.size()))) {
    BITLAW_ASSERT(min_length >= 1 && min_length <= 8);
}

void MatchFinder::accept(Match& match, const Past& past) const {
    if (match.length_ > 0 && match.expected_ == (past.last & 0xFF)) {
        match.length_ = std::min(match.length_ + 1, kMaxMatch);
        ++match.place_;
    } else {
        match.length_ = 0;
    }
    match.slot_ = slot(match, past.last);
    __builtin_prefetch(&places_[match.slot_], 1);
}

void MatchFinder::look(Match& match, const Past& past) {
    if (past.length() >= min_length_) {
        std::uint32_t& noted = places_[match.slot_];
        if (match.length_ < kKept && noted != 0) {
            const std::uint32_t length =
                past.history->agreeing(noted, past.place, std::min(kVerified, past.length()));
            if (length >= min_length_ && length >= match.length_) {
                match.length_ = length;
                match.place_ = noted;
            }
        }
        noted = past.place;
    }
    if (match.length_ > 0) {
        match.expected_ = past.history->at(match.place_);
    }
}

std::uint32_t MatchFinder::predict(const Match& match, std::uint32_t node, Mixer& mixer, std::size_t first) {
    const MatchOpinion said = opinions_.opinion(match.length_, match.expected_, node);
    mixer.set(first, said.odds);
    mixer.set(first + 1, said.lean);
    return said.state;
}

}  // namespace bitlaw::predict
