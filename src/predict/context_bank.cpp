#include "bitlaw/predict/context_bank.hpp"

#include <algorithm>
#include <bit>

namespace bitlaw::predict {
namespace {

constexpr std::size_t kRunLengths = 16;
// Bits after which an adaptive map moves by a fixed share: maps follow a file that changes.
constexpr std::uint32_t kMapLimit = 255;
constexpr std::uint32_t kRunLimit = 1023;
// Bytes of a slot that the context itself uses: the last byte, and how often it came in a row.
constexpr std::size_t kLast = 16;
constexpr std::size_t kTimes = 17;

std::uint64_t salted(std::uint64_t hash, std::uint32_t salt) { return hash + salt * 0x9E3779B97F4A7C15; }

}  // namespace

ContextBank::ContextBank(std::size_t slot_bytes)
    : odds_(odds_tables()),
      histories_(bit_histories()),
      steps_(counted_steps()),
      slots_(slot_bytes),
      maps_(kMaxContextIds * 256),
      run_maps_(kMaxContextIds * kRunLengths * 2),
      single_{},
      both_{},
      kind_{} {
    for (std::size_t state = 0; state < 256; ++state) {
        const std::uint32_t zeros = histories_.zeros[state];
        const std::uint32_t ones = histories_.ones[state];
        const Counted start = counted((2 * ones + 1) * 65535 / (2 * (zeros + ones) + 2));
        for (std::size_t id = 0; id < kMaxContextIds; ++id) {
            maps_[id * 256 + state] = start;
        }
        kind_[state] = static_cast<std::uint8_t>((zeros != 0) + (ones != 0));
        single_[state] = kind_[state] == 1 ? -1 : 0;
        both_[state] = kind_[state] == 2 ? -1 : 0;
    }
    for (std::size_t i = 0; i < run_maps_.size(); ++i) {
        const auto times = static_cast<std::uint32_t>(i / 2 % kRunLengths);
        const std::uint32_t miss = 65535 / (times + 2);
        run_maps_[i] = counted(i % 2 != 0 ? 65535 - miss : miss);
    }
}

void ContextBank::prefetch(const ContextCursor& cursor, std::uint32_t salt) const {
    for (std::size_t i = 0; i < cursor.list.size(); ++i) {
        slots_.prefetch(salted(cursor.list.hash(i), salt));
    }
}

void ContextBank::find(ContextCursor& cursor, std::uint32_t salt) {
    for (std::size_t i = 0; i < cursor.list.size(); ++i) {
        cursor.slots[i] = slots_.find(salted(cursor.list.hash(i), salt));
    }
    if (salt == 0) {
        std::copy_n(cursor.slots.begin(), cursor.list.size(), cursor.firsts.begin());
    }
}

std::uint32_t ContextBank::predict(const ContextCursor& cursor, std::uint32_t node, std::uint32_t path,
                                   Mixer& mixer, std::size_t first) {
    const std::size_t count = cursor.list.size();
    const auto left = static_cast<unsigned>(9 - std::bit_width(node));
    std::int32_t* const single = mixer.inputs() + first;
    std::int32_t* const both = single + count;
    std::int32_t* const run = both + count;
    std::uint32_t known = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t state = cursor.slots[i][path];
        Counted& slot = maps_[cursor.list.id(i) * std::size_t{256} + state];
        used_[i] = &slot;
        const std::uint32_t p = p12(slot);
        const std::int32_t odds = odds_.odds[p];
        const std::int32_t is_single = single_[state];
        const std::int32_t is_both = both_[state];
        single[i] = (odds & is_single) * 65536;
        both[i] = (odds & is_both) * 65536;
        known |= i < 8 ? std::uint32_t{kind_[state]} << 2 * i : 0U;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* const slot = cursor.firsts[i];
        const std::uint32_t last = slot[kLast];
        const std::uint32_t times = slot[kTimes];
        const bool agrees = times != 0 && (last | 256U) >> left == node;
        Counted& map =
            run_maps_[(cursor.list.id(i) * kRunLengths + std::min<std::size_t>(times, kRunLengths - 1)) * 2 +
                      (last >> (left - 1) & 1U)];
        run_used_[i] = agrees ? &map : nullptr;
        run[i] = agrees ? odds_.odds[p12(map)] * 65536 : 0;
    }
    return known;
}

void ContextBank::accept(ContextCursor& cursor, std::uint32_t path, int bit) {
    const std::array<std::uint8_t, 256>& next = histories_.next[static_cast<std::size_t>(bit)];
    for (std::size_t i = 0; i < cursor.list.size(); ++i) {
        learn(*used_[i], bit, kMapLimit, steps_);
        std::uint8_t& state = cursor.slots[i][path];
        state = next[state];
    }
    for (std::size_t i = 0; i < cursor.list.size(); ++i) {
        if (run_used_[i] != nullptr) {
            learn(*run_used_[i], bit, kRunLimit, steps_);
        }
    }
}

void ContextBank::end_byte(ContextCursor& cursor, std::uint8_t byte) {
    for (std::size_t i = 0; i < cursor.list.size(); ++i) {
        std::uint8_t* const slot = cursor.firsts[i];
        const bool same = slot[kTimes] != 0 && slot[kLast] == byte;
        slot[kLast] = byte;
        slot[kTimes] = same ? static_cast<std::uint8_t>(std::min(slot[kTimes] + 1, 255)) : std::uint8_t{1};
    }
}

std::size_t ContextBank::bytes() const {
    return slots_.bytes() + (maps_.size() + run_maps_.size()) * sizeof(Counted);
}

}  // namespace bitlaw::predict
