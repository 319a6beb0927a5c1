#pragma once
/// \file The bytes that are known: one ring buffer that all streams of a block share, and each stream's view
/// of it.

#include <cstdint>
#include <vector>

namespace bitlaw::predict {

/// A ring of 2^k bytes. Places that nobody has written yet hold 0, on both sides.
class History {
   public:
    /// Room for `bytes`, rounded up to a power of two, at least 64.
    explicit History(std::size_t bytes);

    [[nodiscard]] std::uint8_t at(std::uint32_t place) const { return bytes_[place & mask_]; }
    /// The bytes before this place, and it, are on their way.
    void prefetch(std::uint32_t place) const { __builtin_prefetch(&bytes_[(place - 8) & mask_]); }
    void set(std::uint32_t place, std::uint8_t byte) { bytes_[place & mask_] = byte; }
    /// How many bytes before `a` and before `b` agree, at most `limit`.
    [[nodiscard]] std::uint32_t agreeing(std::uint32_t a, std::uint32_t b, std::uint32_t limit) const;
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

   private:
    std::vector<std::uint8_t> bytes_;
    std::uint32_t mask_;
};

/// What one stream has seen: its own bytes only. Before the first one lie zeros.
struct Past {
    const History* history = nullptr;
    std::uint32_t start = 0;  ///< place of the stream's first byte
    std::uint32_t place = 0;  ///< place of the next byte
    std::uint64_t last = 0;   ///< the last eight bytes, the newest in the lowest bits

    /// Bytes seen.
    [[nodiscard]] std::uint32_t length() const { return place - start; }
    /// The byte `back` places ago, 1 = the newest; 0 before the stream's start.
    [[nodiscard]] std::uint8_t back(std::uint32_t distance) const {
        return distance <= length() ? history->at(place - distance) : std::uint8_t{0};
    }
};

}  // namespace bitlaw::predict
