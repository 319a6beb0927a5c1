#pragma once
/// \file The forward pass over blocks of known symbols of one stream, as the encoder needs it. Same bits as
/// Stepper (class A).

#include <cstdint>
#include <memory>
#include <span>

#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::predict {

/// One stream scored on the calling thread; serial, so that many scorers run beside each other. Memory is
/// bounded by the window, whatever the stream's length. Resets as Stepper does.
class Scorer {
   public:
    /// As reset_every: the caller begins contexts with restart().
    static constexpr std::uint64_t kByCaller = ~std::uint64_t{0};
    Scorer(const model::PackedModel& model, std::uint64_t reset_every);
    Scorer(Scorer&&) noexcept;
    Scorer& operator=(Scorer&&) noexcept;
    ~Scorer();

    /// Positions that one call takes at the most.
    static constexpr std::size_t kMaxPositions = 256;

    /// Appends symbols (1 .. kMaxPositions of them) and returns logits [n, V]: row i predicts symbols[i]
    /// from all before it. Valid until the next call. How a stream is cut into calls does not change a bit.
    [[nodiscard]] const float* score(std::span<const symbols::Symbol> symbols);

    /// A new stream: nothing is remembered.
    void restart();

    /// Remembers this place; rewind() comes back to it, as often as it is called, with the same bits as if
    /// nothing had been scored since. At most kMaxPositions lie between. For scorers of kByCaller, and
    /// networks whose states hold a row a position (attention).
    void mark();
    void rewind();

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bitlaw::predict
