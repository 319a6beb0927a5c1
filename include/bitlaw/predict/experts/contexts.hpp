#pragma once
/// \file Where experts of hashed contexts write what they look at.

#include <array>
#include <cstddef>
#include <cstdint>

namespace bitlaw::predict {

/// Hashed contexts at most, of all experts together.
inline constexpr std::size_t kMaxContexts = 40;

/// Hashes of the contexts that a byte is predicted in, one for each hashed context of the set, always in the
/// same order.
class ContextList {
   public:
    void clear() { count_ = 0; }
    /// A context that shall never meet another's slots, even of equal value: the place in the list is hashed
    /// in.
    void add(std::uint64_t value) {
        std::uint64_t hash = (value + count_ * 0x632BE59BD9B4E019 + 1) * 0x9E3779B97F4A7C15;
        hash = (hash ^ hash >> 29) * 0xBF58476D1CE4E5B9;
        hashes_[count_++] = hash ^ hash >> 32;
    }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] std::uint64_t operator[](std::size_t i) const { return hashes_[i]; }

   private:
    std::array<std::uint64_t, kMaxContexts> hashes_{};
    std::size_t count_ = 0;
};

/// Joins two values to one that depends on both.
[[nodiscard]] constexpr std::uint64_t joined(std::uint64_t a, std::uint64_t b) {
    std::uint64_t hash = (a ^ 0xD6E8FEB86659FD93) * 0x9E3779B97F4A7C15 + b;
    hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93;
    return hash ^ hash >> 29;
}

}  // namespace bitlaw::predict
