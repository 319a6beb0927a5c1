#pragma once
/// \file Hashed contexts at work: slots of bit histories, adaptive maps from histories to probabilities, and
/// what a mixer hears of them. Class A.

#include <array>
#include <cstdint>
#include <vector>

#include "bitlaw/kernels/contexts.hpp"
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

/// One stream's contexts for the byte that comes next.
struct ContextCursor {
    ContextList list;
    std::array<std::uint8_t*, kMaxContexts> lines;  ///< of the first nibble's slots
    std::size_t fetched = 0;                        ///< contexts whose lines are known
};

/// Tables that all streams share. For a byte: fetch() as soon as its contexts are known; begin(); then for
/// each bit predict() and accept(), and second() after the fourth accept(); at the end end_byte(). Between
/// begin() and end_byte() the cursor may take other contexts.
class ContextBank {
   public:
    explicit ContextBank(std::size_t slot_bytes);

    /// The lines of the first nibble's slots are on their way.
    void fetch(ContextCursor& cursor) const;
    /// Contexts that were added to the list since are fetched too; the slots of the first nibble.
    void begin(ContextCursor& cursor);
    /// The lines of the second nibble's slots are on their way, if it follows this first one; may be called
    /// early with what is likely. `node`: the first nibble with a one in front.
    void fetch_second(std::uint32_t node);
    /// The slots of the second nibble.
    void second(std::uint32_t node);
    /// Sets inputs first .. first + 3 count - 1. `node`: bits of the byte with a one in front; `path`: of the
    /// nibble. The next 15 inputs become 0.
    void predict(std::uint32_t node, std::uint32_t path, Mixer& mixer, std::size_t first);
    /// How context i knows the place of the last predict(): 0: new, 1: one bit only seen, 2: both seen. 0 for
    /// i from the number of contexts on.
    [[nodiscard]] std::uint32_t knows(std::size_t i) const { return kind_[lanes_.states[i]]; }
    /// The bit that came at the node of the last predict().
    void accept(std::uint32_t path, int bit);
    /// The byte that came.
    void end_byte(std::uint8_t byte);

    [[nodiscard]] std::size_t bytes() const;

   private:
    void find(const std::array<std::uint64_t, kMaxContexts>& hashes);
    void look_at_runs();

    const OddsTables& odds_;
    const BitHistories& histories_;
    const kernels::ContextKernels& kernels_;
    SlotTable slots_;
    std::vector<Counted> maps_;           // [ids, 256 states]
    std::vector<Counted> run_maps_;       // [ids, 16 lengths, expected bit]
    std::array<std::uint8_t, 256> kind_;  // 0, 1, 2
    // Of the byte that is being coded.
    kernels::ContextLanes lanes_;
    std::uint32_t fetched_node_ = 0;  // of fetch_second(); 0: not called
    std::array<std::uint64_t, kMaxContexts> hashes_;
    std::array<std::uint64_t, kMaxContexts> second_hashes_;
    std::array<std::uint8_t*, kMaxContexts> lines_;
    std::array<std::uint8_t*, kMaxContexts> firsts_;  // slots of the first nibble
    std::array<Counted*, kMaxContexts> run_tables_;   // [16 lengths, expected bit] of each context
};

}  // namespace bitlaw::predict
