#pragma once
/// \file The gradient of a step: leaves of a fixed size, summed by a fixed binary tree.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/base/aligned.hpp"

namespace bitlaw::learn {

/// Tokens of a leaf: within it, every element of the gradient is one chain (long enough for the products to
/// run at full speed, short enough for fp32 sums to stay accurate).
inline constexpr std::size_t kLeafTokens = 4096;

/// Whole sequences of T = `positions` tokens in a leaf: floor(4096 / T), at least one.
[[nodiscard]] constexpr std::size_t leaf_sequences(std::size_t positions) {
    return positions >= kLeafTokens ? 1 : kLeafTokens / positions;
}

/// Sums leaves l_0 .. l_{n-1}: tree(one leaf) = the leaf; tree(n leaves) = tree(first p) + tree(rest), p the
/// greatest power of two below n. Computed as leaves come, like a binary counter, with at most 1 + log2(n)
/// buffers. Class A.
class GradientSum {
   public:
    explicit GradientSum(std::size_t size) : size_(size) {}

    /// A leaf's buffer, zero at first: [size]. Valid until close().
    [[nodiscard]] std::span<float> open();
    /// The open leaf is complete.
    void close();
    /// Joins all closed leaves: [size]. Valid until clear(). At least one leaf must have been closed.
    [[nodiscard]] std::span<const float> total();
    /// Forgets all leaves; their memory is kept for the next step.
    void clear();

   private:
    struct Part {
        Floats sum;          ///< [size]
        std::size_t leaves;  ///< a power of two until total() joins the rest
    };
    void join_last_two();

    std::size_t size_;
    std::vector<Part> parts_;
    std::vector<Floats> spare_;
    bool is_open_ = false;
};

/// The L2 norm: lane sums of squares of chunks of 4096 elements, joined in double in ascending order. Class
/// A.
[[nodiscard]] double gradient_norm(std::span<const float> gradient);

}  // namespace bitlaw::learn
