#pragma once
/// \file The memory of hashed contexts where each byte's context has one cache line for both of its nibbles.
/// Class A.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "bitlaw/predict/bit_history.hpp"
#include "bitlaw/predict/slots.hpp"

namespace bitlaw::predict {

/// A context's line of 64 bytes: a check of 16 bits, the first nibbles of the second slots (slot k = 1, 2, 3
/// in bits 4 k - 4 .. 4 k - 1), and four slots of 15 bit histories: of the first nibble, and of the second
/// one after three different first nibbles. A slot is known by the address before it, as in slots.hpp.
struct ByteLine {
    std::uint16_t check;
    std::uint16_t nibbles;
    std::uint8_t histories[60];
};
static_assert(sizeof(ByteLine) == kLineBytes);

inline constexpr std::size_t kHistoriesOfNibble = 15;

/// Lines found by hash. A context's line is one of two that lie beside each other.
class ByteLines {
   public:
    /// `bytes` of lines, rounded down to whole pairs, at least one pair.
    explicit ByteLines(std::size_t bytes);

    /// The two lines of the context are on their way.
    void prefetch(std::uint64_t hash) const {
        const ByteLine* const line = at(hash);
        __builtin_prefetch(line, 1);
        __builtin_prefetch(neighbour(line), 1);
    }
    /// The context's line: the one with its check, or the less used one of the two, which is emptied.
    [[nodiscard]] ByteLine* find(std::uint64_t hash) const {
        ByteLine* const line = at(hash);
        ByteLine* const other = neighbour(line);
        const auto check = static_cast<std::uint16_t>(hash);
        if (line->check == check) {
            return line;
        }
        return other->check == check ? other : replaced(line, other, check);
    }
    /// The slot of the first nibble.
    [[nodiscard]] static std::uint8_t* first(ByteLine* line) { return slot(line, 0); }
    /// The slot of the second nibble after this first one: the one that has it, or the least used one of the
    /// three, which is emptied.
    [[nodiscard]] std::uint8_t* second(ByteLine* line, std::uint32_t nibble) const {
        const std::uint32_t differs = line->nibbles ^ nibble * 0x111;
        // The lowest set top bit marks the first of the three fields that is zero.
        const std::uint32_t zero = (differs - 0x111) & ~differs & 0x888;
        if (zero == 0) {
            return replaced(line, nibble);
        }
        return slot(line, 1 + (static_cast<std::uint32_t>(std::countr_zero(zero)) >> 2));
    }

    [[nodiscard]] std::size_t bytes() const { return lines_ * kLineBytes; }

   private:
    [[nodiscard]] ByteLine* at(std::uint64_t hash) const { return memory_ + (((hash >> 32) * lines_) >> 32); }
    template <class Line>
    [[nodiscard]] Line* neighbour(Line* line) const {
        return memory_ + ((line - memory_) ^ 1);
    }
    [[nodiscard]] static std::uint8_t* slot(ByteLine* line, std::uint32_t k) {
        // From the line's own bytes, since the address before slot 0 is not within `histories`.
        return reinterpret_cast<std::uint8_t*>(line) + offsetof(ByteLine, histories) +
               k * kHistoriesOfNibble - 1;
    }
    [[nodiscard]] ByteLine* replaced(ByteLine* line, ByteLine* other, std::uint16_t check) const;
    [[nodiscard]] std::uint8_t* replaced(ByteLine* line, std::uint32_t nibble) const;

    std::size_t lines_;  // even
    LargePages storage_;
    ByteLine* memory_;
    const BitHistories& histories_;
};

}  // namespace bitlaw::predict
