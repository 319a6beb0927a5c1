#pragma once
/// \file The forward pass one position at a time, as the decoder needs it. Same bits as Scorer (class A).

#include <cstdint>
#include <memory>
#include <span>

#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::predict {

/// S streams advanced together on the calling thread; serial, so that many steppers run beside each other.
/// Every `reset_every` positions (0: never) all streams forget their past and see kStartSymbol.
class Stepper {
   public:
    Stepper(const model::PackedModel& model, std::size_t streams, std::uint64_t reset_every);
    Stepper(Stepper&&) noexcept;
    Stepper& operator=(Stepper&&) noexcept;
    ~Stepper();

    /// Logits [S, V] of the next symbol of every stream; valid until the next call. Call once per position.
    [[nodiscard]] const float* predict();
    /// Tells which symbols came: [S].
    void accept(std::span<const symbols::Symbol> symbols);

    /// New streams: nothing is remembered.
    void restart();

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bitlaw::predict
