#pragma once
/// \file Expert: the bit's own probability after the last 0 to 3 bytes, without a history between. Class A.

#include <array>
#include <cstdint>
#include <vector>

#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "bitlaw/predict/slots.hpp"

namespace bitlaw::predict {

/// Orders 0 and 1 have a place for every bit, orders 2 and 3 share lines of a nibble by hash, unchecked.
/// Order 1 has a second probability that follows fast.
class Direct {
   public:
    static constexpr std::size_t kInputs = 8;

    /// Hashed tables for so many bytes of history, of at most `memory` bytes and 2^25.
    Direct(std::size_t bytes, std::size_t memory);

    /// The lines of a stream's next nibble are on their way. `salt`: 0, then the first nibble with a one in
    /// front.
    void prefetch(const Past& past, std::uint32_t salt) const;
    /// A nibble begins; before its first predict().
    void find(const Past& past, std::uint32_t salt);
    /// Sets inputs first .. first + kInputs - 1.
    void predict(const Past& past, std::uint32_t node, std::uint32_t path, Mixer& mixer, std::size_t first);
    void accept(int bit);

    [[nodiscard]] std::size_t bytes() const;

   private:
    [[nodiscard]] std::size_t line(const Past& past, unsigned order, std::uint32_t salt) const;

    const OddsTables& odds_;
    const CountedSteps& steps_;
    std::vector<Counted> order0_;       // [256 nodes]
    std::vector<Counted> order1_;       // [256 bytes, 256 nodes]
    std::vector<std::uint16_t> fast1_;  // [256 bytes, 256 nodes]
    unsigned line_bits_;
    LargePages lines_;                  // [2 orders, 2^line_bits, 16] Counted
    std::array<Counted*, 2> nibble_{};  // of orders 2 and 3
    std::array<Counted*, 4> used_{};
    std::uint16_t* fast_used_ = nullptr;
};

}  // namespace bitlaw::predict
