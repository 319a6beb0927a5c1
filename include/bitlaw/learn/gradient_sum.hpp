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
///
/// Several may share a tree: each sums leaves that follow each other, and hands its parts() to one that joins
/// them in the order of leaves, which gives the same tree.
class GradientSum {
   public:
    /// The sum of `leaves` leaves from `first` on, a power of two that divides `first`.
    struct Part {
        Floats sum;  ///< [size]
        std::size_t first;
        std::size_t leaves;
    };

    explicit GradientSum(std::size_t size) : size_(size) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    /// The number that the next leaf has in its step's tree, 0 after clear(). Only while no leaf is here.
    void start_at(std::size_t leaf);
    /// A leaf's buffer, zero at first: [size]. Valid until close(). Also that of a part which was summed
    /// elsewhere.
    [[nodiscard]] std::span<float> open(std::size_t leaves = 1);
    /// The open leaf is complete.
    void close();
    /// Joins all closed leaves: [size]. Valid until clear(). At least one leaf must have been closed.
    [[nodiscard]] std::span<const float> total();
    /// What the closed leaves have come to, in their order: as parts_of() says, until total() joins them.
    [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
    /// Forgets all leaves; their memory is kept for the next step.
    void clear();

   private:
    void join_last_two();

    std::size_t size_;
    std::size_t next_ = 0;  // number of the next leaf
    std::vector<Part> parts_;
    std::vector<Floats> spare_;
    bool is_open_ = false;
};

/// Leaves of the parts that leaves first .. last-1 come to: the largest blocks of 2^j leaves that begin at a
/// multiple of 2^j.
[[nodiscard]] std::vector<std::size_t> parts_of(std::size_t first, std::size_t last);

/// The L2 norm: lane sums of squares of chunks of 4096 elements, joined in double in ascending order. Class
/// A.
[[nodiscard]] double gradient_norm(std::span<const float> gradient);

}  // namespace bitlaw::learn
