#pragma once
/// \file The memory of hashed contexts: cache lines of four slots, each with a check and the bit histories of
/// one nibble. Class A.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "bitlaw/predict/bit_history.hpp"

namespace bitlaw::predict {

/// Byte 0 is the check; bytes 1 .. 15 are bit histories of the nodes of a nibble's binary tree, the root at
/// 1, the node after bits b at 2 n + b.
inline constexpr std::size_t kSlotBytes = 16;
inline constexpr std::size_t kSlotsOfLine = 4;
inline constexpr std::size_t kLineBytes = kSlotBytes * kSlotsOfLine;

/// Zeroed memory in pages of 2 MiB where the system has them: random reads then miss no address translation.
class LargePages {
   public:
    explicit LargePages(std::size_t bytes);
    [[nodiscard]] std::uint8_t* data() const { return memory_.get(); }

   private:
    struct Free {
        void operator()(std::uint8_t* memory) const;
    };
    std::unique_ptr<std::uint8_t, Free> memory_;
};

/// Slots found by hash. A context's slot lies in one line, so that finding it costs one cache miss, which
/// prefetch() starts early.
class SlotTable {
   public:
    /// `bytes` of slots, rounded down to whole lines, at least one.
    explicit SlotTable(std::size_t bytes);

    void prefetch(std::uint64_t hash) const { __builtin_prefetch(line_of(hash), 1); }

    /// The context's slot: the one with its check, or the line's least used one, which is emptied. A
    /// different context takes it for its own with probability 1 / 64 at most.
    [[nodiscard]] std::uint8_t* find(std::uint64_t hash) {
        std::uint8_t* const line = line_of(hash);
        const auto check = static_cast<std::uint8_t>(hash & 0xFF);
        std::uint8_t* worst = line;
        for (std::size_t i = 0; i < kSlotsOfLine; ++i) {
            std::uint8_t* const slot = line + i * kSlotBytes;
            if (slot[0] == check && slot[1] != 0) {
                return slot;
            }
            if (seen_[slot[1]] < seen_[worst[1]]) {
                worst = slot;
            }
        }
        std::fill_n(worst, kSlotBytes, std::uint8_t{0});
        worst[0] = check;
        return worst;
    }

    [[nodiscard]] std::size_t bytes() const { return lines_ * kLineBytes; }

   private:
    [[nodiscard]] std::uint8_t* line_of(std::uint64_t hash) const {
        return memory_ + (((hash >> 32) * lines_) >> 32) * kLineBytes;
    }

    std::size_t lines_;
    LargePages storage_;
    std::uint8_t* memory_;
    std::array<std::uint8_t, 256> seen_;
};

}  // namespace bitlaw::predict
