#include "bitlaw/predict/experts/direct.hpp"

#include <algorithm>
#include <bit>

namespace bitlaw::predict {
namespace {

constexpr std::size_t kLineNodes = 16;
constexpr std::uint32_t kSlowLimit = 255;
constexpr std::uint32_t kHashedLimit = 127;
constexpr int kFastShift = 4;

unsigned line_bits_of(std::size_t bytes, std::size_t memory) {
    const std::size_t lines = std::max<std::size_t>(memory / (2 * kLineNodes * sizeof(Counted)), 2);
    const auto limit = static_cast<unsigned>(std::bit_width(lines)) - 1;
    return std::min({std::max(static_cast<unsigned>(std::bit_width(bytes)), 8U), limit, 18U});
}

}  // namespace

Direct::Direct(std::size_t bytes, std::size_t memory)
    : odds_(odds_tables()),
      steps_(counted_steps()),
      order0_(256, counted(32768)),
      order1_(65536, counted(32768)),
      fast1_(65536, 32768),
      line_bits_(line_bits_of(bytes, memory)),
      lines_((std::size_t{2} << line_bits_) * kLineNodes * sizeof(Counted)) {
    auto* const slots = reinterpret_cast<Counted*>(lines_.data());
    std::fill_n(slots, (std::size_t{2} << line_bits_) * kLineNodes, counted(32768));
}

std::size_t Direct::line(const Past& past, unsigned order, std::uint32_t salt) const {
    const std::uint64_t seen = past.last & ((std::uint64_t{1} << (8 * order)) - 1);
    const std::uint64_t hash = (seen << 8 | salt) * 0x9E3779B97F4A7C15 + seen;
    return (order - 2) << line_bits_ |
           static_cast<std::size_t>((hash ^ hash >> 31) * 0xBF58476D1CE4E5B9 >> (64 - line_bits_));
}

void Direct::prefetch(const Past& past, std::uint32_t salt) const {
    __builtin_prefetch(lines_.data() + line(past, 2, salt) * kLineBytes, 1);
    __builtin_prefetch(lines_.data() + line(past, 3, salt) * kLineBytes, 1);
}

void Direct::find(const Past& past, std::uint32_t salt) {
    auto* const slots = reinterpret_cast<Counted*>(lines_.data());
    nibble_ = {slots + line(past, 2, salt) * kLineNodes, slots + line(past, 3, salt) * kLineNodes};
}

void Direct::predict(const Past& past, std::uint32_t node, std::uint32_t path, Mixer& mixer,
                     std::size_t first) {
    const std::size_t place = (past.last & 0xFF) << 8 | node;
    used_[0] = &order0_[node];
    used_[1] = &order1_[place];
    fast_used_ = &fast1_[place];
    used_[2] = nibble_[0] + path;
    used_[3] = nibble_[1] + path;
    std::size_t n = first;
    for (std::size_t order = 0; order < 4; ++order) {
        const std::uint32_t p = p12(*used_[order]);
        mixer.set(n++, odds_.odds[p]);
        if (order >= 1) {
            mixer.set(n++, (static_cast<std::int32_t>(p) - 2048) >> 2);
        }
    }
    mixer.set(n, odds_.odds[*fast_used_ >> 4]);
}

void Direct::accept(int bit) {
    for (std::size_t order = 0; order < 4; ++order) {
        learn(*used_[order], bit, order < 2 ? kSlowLimit : kHashedLimit, steps_);
    }
    const int target = bit != 0 ? 65535 : 0;
    *fast_used_ = static_cast<std::uint16_t>(*fast_used_ + ((target - *fast_used_) >> kFastShift));
}

std::size_t Direct::bytes() const {
    return (order0_.size() + order1_.size() + ((std::size_t{2} << line_bits_) * kLineNodes)) *
               sizeof(Counted) +
           fast1_.size() * sizeof(std::uint16_t);
}

}  // namespace bitlaw::predict
