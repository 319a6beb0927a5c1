#pragma once
/// \file The processes that train one model together: each computes some leaves of a step, all add up the
/// same tree.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/base/bytes.hpp"
#include "bitlaw/learn/gradient_sum.hpp"

namespace bitlaw::train {

/// How a rank reaches the others. The trivial link is one process alone.
struct RankLink {
    std::size_t rank = 0;
    std::size_t size = 1;
    std::string place;    ///< the machine, for messages
    std::string program;  ///< hash of the program that runs
    /// Sends `out` to rank `to` while it fills `in` from rank `from`, whole; either may be kNobody. Messages
    /// between two ranks keep their order. Throws Error when the others cannot be reached.
    std::function<void(std::size_t to, ByteSpan out, std::size_t from, std::span<std::uint8_t> in)> trade;
    static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
};

/// Leaves first .. last-1 of a step.
struct LeafRange {
    std::size_t first;
    std::size_t last;
};

/// What ranks say of a run that they are about to begin: name and value; values must be equal everywhere.
using RankFacts = std::vector<std::pair<std::string, std::string>>;

/// One rank among several, and what they do together. Every member that is said to be *of all* has to be
/// called by all ranks in the same order. Sums and chains are class A: the same bits for any number of ranks.
class Ranks {
   public:
    Ranks() = default;
    explicit Ranks(RankLink link) : link_(std::move(link)) {}
    Ranks(const Ranks&) = delete;
    Ranks& operator=(const Ranks&) = delete;

    [[nodiscard]] std::size_t rank() const { return link_.rank; }
    [[nodiscard]] std::size_t size() const { return link_.size; }
    [[nodiscard]] bool is_alone() const { return link_.size == 1; }
    /// Rank 0, which alone writes and prints.
    [[nodiscard]] bool is_first() const { return link_.rank == 0; }
    [[nodiscard]] const std::string& place() const { return link_.place; }

    /// This rank's share of n items, floor(n r / R) .. floor(n (r + 1) / R) - 1.
    [[nodiscard]] LeafRange share(std::size_t count) const { return share_of(link_.rank, count); }

    /// Of all: the sum over the fixed binary tree of all leaves of a step, of which `own` holds this rank's
    /// share(leaves): [size], valid until the next call. Every rank sums a part of the elements, which is
    /// then passed to all: 2 (R - 1) / R of the gradient's bytes leave each rank, where leaves and ranks are
    /// powers of two.
    [[nodiscard]] std::span<const float> sum(const learn::GradientSum& own, std::size_t leaves);

    /// Of all: chained() over the code lengths of all ranks in turn. What any rank sets in `flags` is set in
    /// all of them afterwards.
    [[nodiscard]] double chain(std::span<const double> own, std::uint64_t& flags);

    /// Of all: rank `from`'s bytes become everybody's.
    void broadcast(Bytes& bytes, std::size_t from = 0);
    /// Of all: nobody returns before all have come.
    void barrier();

    /// Of all: work() on every rank. When it throws anywhere, all throw: the rank's own error where it has
    /// one and is the first, otherwise what the first of them says, with its name in front.
    void together(const std::function<void()>& work);
    /// Of all: throws on all when a rank's program or another of the facts is not rank 0's.
    void require_same(const RankFacts& facts);

    /// Whether all ranks know why they end. A rank that ends without that has to end the others too.
    [[nodiscard]] bool is_settled() const { return is_settled_; }
    /// What follows is thrown by all ranks.
    void settle() { is_settled_ = true; }

    /// Seconds in calls *of all* until now, waiting for slower ranks included.
    [[nodiscard]] double seconds() const { return seconds_; }
    /// Bytes that this rank has sent in sum().
    [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }

   private:
    [[nodiscard]] LeafRange share_of(std::size_t rank, std::size_t count) const;
    [[nodiscard]] std::size_t after(std::size_t distance) const;
    [[nodiscard]] std::size_t before(std::size_t distance) const;
    /// Every rank's bytes, by rank.
    [[nodiscard]] std::vector<Bytes> gather(const Bytes& own);
    [[nodiscard]] std::span<const float> slices_of(const learn::GradientSum& own, std::size_t begin,
                                                   std::size_t count);
    void sum_piece(const learn::GradientSum& own, std::size_t leaves);
    void pass_pieces();
    [[nodiscard]] std::string name_of(std::size_t rank, const std::string& place) const;

    RankLink link_;
    bool is_settled_ = false;
    double seconds_ = 0.0;
    std::uint64_t sent_bytes_ = 0;
    Floats total_;     // [size]
    Floats received_;  // [all parts, piece]
    Floats outgoing_;  // [own parts, a piece]
    std::optional<learn::GradientSum> piece_;
};

}  // namespace bitlaw::train
