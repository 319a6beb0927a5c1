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

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bitlaw::predict
