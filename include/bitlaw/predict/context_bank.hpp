#pragma once
/// \file Hashed contexts at work: slots of bit histories, adaptive maps from histories to probabilities, and
/// what a mixer hears of them. Class A.

#include <array>
#include <cstdint>
#include <vector>

#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/bit_history.hpp"
#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/log_odds.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "bitlaw/predict/slots.hpp"

namespace bitlaw::predict {

/// Inputs that each context gives: its history's log odds where only one bit was seen, the same where both
/// were, and what the last byte in this context makes of the bit.
inline constexpr std::size_t kInputsOfContext = 3;

/// One stream's contexts for the byte being coded.
struct ContextCursor {
    ContextList list;
    std::array<std::uint8_t*, kMaxContexts> slots;   ///< of the current nibble
    std::array<std::uint8_t*, kMaxContexts> firsts;  ///< of the first nibble
};

/// Tables that all streams share.
class ContextBank {
   public:
    explicit ContextBank(std::size_t slot_bytes);

    /// The lines of the nibble's slots are on their way. `salt`: 0, then the first nibble with a one in
    /// front.
    void prefetch(const ContextCursor& cursor, std::uint32_t salt) const;
    /// The slots of a nibble.
    void find(ContextCursor& cursor, std::uint32_t salt);
    /// Sets inputs first .. first + 3 count - 1. `node`: bits of the byte with a one in front; `path`: of the
    /// nibble. Returns how the first contexts of the list, up to 8, know this place: 2 bits each, 0: new, 1:
    /// one bit only seen, 2: both seen; the first one in the lowest bits.
    std::uint32_t predict(const ContextCursor& cursor, std::uint32_t node, std::uint32_t path, Mixer& mixer,
                          std::size_t first);
    /// The bit that came at the node of the last predict().
    void accept(ContextCursor& cursor, std::uint32_t path, int bit);
    /// The byte that came.
    void end_byte(ContextCursor& cursor, std::uint8_t byte);

    [[nodiscard]] std::size_t bytes() const;

   private:
    const OddsTables& odds_;
    const BitHistories& histories_;
    const CountedSteps& steps_;
    SlotTable slots_;
    std::vector<Counted> maps_;                      // [ids, 256 states]
    std::vector<Counted> run_maps_;                  // [ids, 16 lengths, expected bit]
    std::array<Counted*, kMaxContexts> used_{};      // of the current bit
    std::array<Counted*, kMaxContexts> run_used_{};  // null: no opinion
    std::array<std::int16_t, 256> single_;           // -1: one kind of bit was seen
    std::array<std::int16_t, 256> both_;             // -1: both were
    std::array<std::uint8_t, 256> kind_;             // 0, 1, 2
};

}  // namespace bitlaw::predict
