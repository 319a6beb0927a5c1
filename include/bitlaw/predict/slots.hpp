#pragma once
/// \file The memory of hashed contexts: cache lines of three slots, each with a check, the bit histories of
/// one nibble, and the last byte. Class A.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>

#include "bitlaw/predict/bit_history.hpp"

namespace bitlaw::predict {

/// A line of 64 bytes: three checks of 16 bits, three slots of 17 bytes, 7 bytes unused. A slot is known by
/// the address before it: bytes 1 .. 15 are the bit histories of a nibble's binary tree, the root at 1 and
/// the node after bit b of node n at 2 n + b; bytes 16 and 17 are free for whoever owns the context.
inline constexpr std::size_t kLineBytes = 64;
inline constexpr std::size_t kSlotsOfLine = 3;
inline constexpr std::size_t kSlotBytes = 17;
inline constexpr std::size_t kFirstSlot = 5;  ///< the address before the first slot, in its line
static_assert(std::endian::native == std::endian::little, "a line's checks are read as one number");

/// Zeroed memory in pages of 2 MiB where the system has them: random reads then seldom miss a translation.
class LargePages {
   public:
    /// Throws std::bad_alloc.
    explicit LargePages(std::size_t bytes);
    [[nodiscard]] std::uint8_t* data() const { return memory_.get(); }

   private:
    struct Free {
        void* mapped;  // from the system itself, if not null
        std::size_t size;
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

    /// Where the context's slot will be found; its line is on its way.
    [[nodiscard]] std::uint8_t* prefetch(std::uint64_t hash) const {
        std::uint8_t* const line = memory_ + (((hash >> 32) * lines_) >> 32) * kLineBytes;
        __builtin_prefetch(line, 1);
        return line;
    }

    /// The context's slot: the one with its check, or the line's least used one, which is emptied. Another
    /// context is taken for this one with a probability below 3 / 65536. `line`: prefetch() of that hash.
    [[nodiscard]] std::uint8_t* find(std::uint8_t* line, std::uint64_t hash) const {
        const std::uint64_t check = hash & 0xFFFF;
        std::uint64_t checks;
        std::memcpy(&checks, line, sizeof checks);
        const std::uint64_t differs = checks ^ check * 0x0001'0001'0001;
        // The lowest set top bit marks the first of the three fields that is zero.
        const std::uint64_t zero = (differs - 0x0001'0001'0001) & ~differs & 0x8000'8000'8000;
        if (zero != 0) {
            return line + kFirstSlot + kSlotBytes * (static_cast<std::size_t>(std::countr_zero(zero)) >> 4);
        }
        return replaced(line, static_cast<std::uint16_t>(check));
    }
    [[nodiscard]] std::uint8_t* find(std::uint64_t hash) const { return find(prefetch(hash), hash); }

    [[nodiscard]] std::size_t bytes() const { return lines_ * kLineBytes; }

   private:
    [[nodiscard]] std::uint8_t* replaced(std::uint8_t* line, std::uint16_t check) const;

    std::size_t lines_;
    LargePages storage_;
    std::uint8_t* memory_;
    std::array<std::uint8_t, 256> seen_;
};

}  // namespace bitlaw::predict
