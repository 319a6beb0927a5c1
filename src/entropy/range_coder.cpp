#include "bitlaw/entropy/range_coder.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"

namespace bitlaw::entropy {
namespace {

// Below this the top byte of the state is settled, but for a carry, and moves out.
constexpr std::uint64_t kMinRange = std::uint64_t{1} << 56;

// What is left of `range` for the interval; `share` is range / total. Encoder and decoder must agree on it.
std::uint64_t narrowed(std::uint64_t range, std::uint64_t share, const Interval& interval) {
    const bool last = interval.start + interval.size == interval.total;
    return last ? range - share * interval.start : share * interval.size;
}

bool is_binary(std::uint32_t ones, unsigned bits) {
    return bits >= 1 && bits <= 32 && ones >= 1 && std::uint64_t{ones} < std::uint64_t{1} << bits;
}

}  // namespace

void RangeEncoder::encode(const Interval& interval) {
    BITLAW_ASSERT(interval.total <= kMaxTotal && interval.size >= 1 && interval.size <= interval.total &&
                  interval.start <= interval.total - interval.size);
    const std::uint64_t share = range_ / interval.total;
    const std::uint64_t before = low_;
    low_ += share * interval.start;
    if (low_ < before) {
        carry();
    }
    range_ = narrowed(range_, share, interval);
    shift();
}

// As encode(): range_ / 2^bits is a shift, and the zero's interval is the last one.
void RangeEncoder::encode_bit(std::uint32_t ones, unsigned bits, bool bit) {
    BITLAW_ASSERT(is_binary(ones, bits));
    const std::uint64_t size = (range_ >> bits) * ones;
    // Without a branch, which nobody could foresee.
    const std::uint64_t zero = std::uint64_t{bit ? 1U : 0U} - 1;  // all bits for a zero
    const std::uint64_t before = low_;
    low_ += size & zero;
    range_ = (size ^ zero) + ((range_ + 1) & zero);  // size, or range - size
    if (low_ < before) {
        carry();
    }
    shift();
}

void RangeEncoder::shift() {
    while (range_ < kMinRange) {
        out_.push_back(static_cast<std::uint8_t>(low_ >> 56));
        low_ <<= 8;
        range_ <<= 8;
    }
}

// The interval lies within [0, 1), so that a carry always meets a byte below 255 before the front.
void RangeEncoder::carry() {
    for (auto byte = out_.rbegin(); byte != out_.rend() && ++*byte == 0; ++byte) {
    }
}

Bytes RangeEncoder::finish() {
    // range_ >= 2^56, so that a multiple of 2^64 (no byte) or at least one of 2^56 (one byte) lies in the
    // interval.
    for (unsigned kept = 0; kept < 2; ++kept) {
        const std::uint64_t below = kept == 0 ? ~std::uint64_t{0} : kMinRange - 1;
        const std::uint64_t step = (0 - low_) & below;  // to the next multiple
        if (step < range_) {
            if (low_ + step < low_) {
                carry();
            }
            if (kept == 1) {
                out_.push_back(static_cast<std::uint8_t>((low_ + step) >> 56));
            }
            break;
        }
    }
    while (!out_.empty() && out_.back() == 0) {
        out_.pop_back();
    }
    low_ = 0;
    range_ = ~std::uint64_t{0};
    return std::exchange(out_, {});
}

RangeDecoder::RangeDecoder(ByteSpan code) : code_(code) {
    for (unsigned i = 0; i < 8; ++i) {
        offset_ = offset_ << 8 | next();
    }
}

std::uint8_t RangeDecoder::next() { return position_ < code_.size() ? code_[position_++] : std::uint8_t{0}; }

std::uint64_t RangeDecoder::target(std::uint64_t total) {
    BITLAW_ASSERT(total >= 1 && total <= kMaxTotal);
    share_ = range_ / total;
    // The remainder of the range, beyond share * total, belongs to the last interval.
    return std::min(offset_ / share_, total - 1);
}

void RangeDecoder::accept(const Interval& interval) {
    offset_ -= share_ * interval.start;
    range_ = narrowed(range_, share_, interval);
    shift();
}

// target() < ones without its division: offset_ / share < ones where offset_ < share ones.
bool RangeDecoder::decode_bit(std::uint32_t ones, unsigned bits) {
    BITLAW_ASSERT(is_binary(ones, bits));
    const std::uint64_t size = (range_ >> bits) * ones;
    const bool bit = offset_ < size;
    if (bit) {
        range_ = size;
    } else {
        offset_ -= size;
        range_ -= size;
    }
    shift();
    return bit;
}

void RangeDecoder::shift() {
    while (range_ < kMinRange) {
        offset_ = offset_ << 8 | next();
        range_ <<= 8;
    }
}

}  // namespace bitlaw::entropy
