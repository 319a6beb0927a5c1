#pragma once
/// \file The network over a batch of training sequences: forward, loss and gradient. Exactness class A.

#include <cstdint>
#include <memory>
#include <span>

#include "bitlaw/model/gradient_tasks.hpp"
#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::model {

/// B sequences of T symbols each, [B, T] contiguous. Position 0 of every sequence sees kStartSymbol, position
/// t sees symbols 0 .. t-1 of its sequence.
struct SequenceBatch {
    std::span<const symbols::Symbol> symbols;
    std::size_t sequences;  ///< B
    std::size_t positions;  ///< T
    [[nodiscard]] std::size_t tokens() const { return sequences * positions; }
};

/// Runs sequences through a model and back, in parallel. Owns all activations: memory grows with the largest
/// batch.
class Network {
   public:
    /// The packed model must be made with PackFor::training if gradient() is called.
    explicit Network(const PackedModel& model);
    Network(Network&&) noexcept;
    Network& operator=(Network&&) noexcept;
    ~Network();

    /// Sum over all tokens of -log2 p(symbol), in bits: a chain of double additions in token order.
    [[nodiscard]] double loss(const SequenceBatch& batch);
    /// The same, and adds d(sum of -ln p * factor) / d(weights) to `gradient` [layout.size]. Each element
    /// continues one chain over the batch's tokens, so that calls one after another equal one call with all
    /// their sequences.
    [[nodiscard]] double gradient(const SequenceBatch& batch, float factor, std::span<float> gradient);
    /// From now on gradient() shows what enters and comes back of every product, with M = batch.tokens()
    /// rows; an empty function ends it. Changes no bit.
    void watch_products(GradientTasks::Watch watch);
    /// Logits [B, T, V] of the last loss() call (gradient() overwrites them).
    [[nodiscard]] std::span<const float> logits() const;
    /// Code lengths -log2 p in bits of every token [B, T] of the last loss() or gradient() call: a sum that
    /// runs on over several calls can be chained in token order, however the tokens were cut into calls.
    [[nodiscard]] std::span<const double> code_lengths() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bitlaw::model
