#pragma once
/// \file Context mixing without a model: adaptive bit predictions from seven short contexts, mixed. Whole
/// numbers only. Exactness class A; docs/FORMAT.md specifies it, and it never changes.
///
/// After Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression" (2005) and his lpaq1:
/// each context gives a probability, ln(p / (1 - p)) of all are added with learned weights, and the sum is
/// made a probability again.

#include <memory>

#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::predict {

/// Independent streams of bytes, each asked for as eight bits of 12-bit probabilities. A stream takes at most
/// 29 MB of memory.
class SevenContexts final : public Predictor {
   public:
    SevenContexts();
    ~SevenContexts() override;
    [[nodiscard]] std::size_t alphabet() const override { return 256; }

   private:
    void begin_streams() override;
    void step_streams(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols,
                      std::size_t n) override;
    void score_streams(std::span<Coder* const> coders, std::span<const symbols::Symbol> symbols,
                       std::size_t n) override;
    struct State;
    std::unique_ptr<State> state_;
};

[[nodiscard]] PredictorMaker seven_context_predictors();

}  // namespace bitlaw::predict
