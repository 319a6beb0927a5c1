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
constexpr std::uint32_t kLimit = 1023;
// Probabilities of 22 bits; within 2^-8 of 0 and 1 they need more than the table of 12 bits.
constexpr std::uint32_t kWhole = 1U << 22;
constexpr std::uint32_t kTail = kWhole >> 8;

}  // namespace

std::uint32_t Match::length_class() const {
    if (length_ < 16) {
        return length_;
    }
    const auto width = static_cast<std::uint32_t>(std::bit_width(length_));
    return std::min(16 + (width - 5) * 2 + (length_ >> (width - 2) & 1), kMatchClasses - 1);
}

MatchFinder::MatchFinder(std::size_t entries, unsigned min_length)
    : odds_(odds_tables()),
      steps_(counted_steps()),
      places_(std::bit_ceil(std::max<std::size_t>(entries, 2)), 0),
      min_length_(min_length),
      shift_(65 - static_cast<unsigned>(std::bit_width(places_.size()))) {
    BITLAW_ASSERT(min_length >= 1 && min_length <= 8);
    for (std::uint32_t i = 0; i < 2 * kMatchClasses; ++i) {
        const std::uint32_t miss = 65535 / (i / 2 + 2);
        maps_.push_back(counted(i % 2 != 0 ? 65535 - miss : miss));
    }
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
    const auto left = static_cast<unsigned>(9 - std::bit_width(node));
    if (match.length_ == 0 || (match.expected_ | 256U) >> left != node) {
        used_ = nullptr;
        mixer.set(first, 0);
        mixer.set(first + 1, 0);
        return 0;
    }
    const std::uint32_t state = match.length_class() * 2 + (match.expected_ >> (left - 1) & 1U);
    used_ = &maps_[state];
    const std::uint32_t p = *used_ >> 10;
    mixer.set(first, p - kTail < kWhole - 2 * kTail ? odds_.odds[p >> 10]
                                                    : odds_of_ratio(2 * p + 1, 2 * (kWhole - p) - 1));
    mixer.set(first + 1, (static_cast<std::int32_t>(p >> 10) - 2048) >> 2);
    return state;
}

void MatchFinder::accept_bit(int bit) {
    if (used_ != nullptr) {
        learn(*used_, bit, kLimit, steps_);
    }
}

}  // namespace bitlaw::predict
