#pragma once
/// \file A frozen network as a predictor. Exactness class A.

#include <cstdint>
#include <memory>

#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/predict/predictor.hpp"
#include "bitlaw/predict/reset.hpp"

namespace bitlaw::predict {

struct NetworkOptions {
    std::uint64_t reset_every = 0;  ///< positions after which a context starts afresh; 0: never (reset.hpp)
    double temperature = 1;         ///< logits are divided by it: for samples; coding uses 1
};

/// Streams are independent. Known symbols are scored in blocks of up to 256 positions a stream, unknown ones
/// stepped with key-value ring buffers; both give the same frequencies
/// 1 + floor(2^((x_j - max x) log2 e) (2^24 - 1)) of the logits x. Memory does not grow with the streams'
/// lengths.
class NetworkPredictor final : public TablePredictor {
   public:
    /// The model must outlive the predictor. Throws UsageError when the reset does not fit it or the
    /// temperature is not 0.001 .. 100.
    NetworkPredictor(const model::PackedModel& model, const NetworkOptions& options);
    ~NetworkPredictor() override;
    [[nodiscard]] std::size_t alphabet() const override;

   private:
    void begin_streams() override;
    void predict_row() override;
    void row(std::size_t stream, std::span<std::uint32_t> frequency) override;
    void accept_row(std::span<const symbols::Symbol> symbols) override;
    void visit_rows(std::span<const symbols::Symbol> symbols, std::size_t n, const Visit& visit) override;
    struct State;
    std::unique_ptr<State> state_;
};

/// What makes predictors of this network, which must outlive them; of bytes where it has a vocabulary. Throws
/// Error when one stream's context would need more than 1 GiB, which no model of this project comes near.
[[nodiscard]] PredictorMaker network_predictors(const model::PackedModel& model,
                                                const NetworkOptions& options);

/// Throws Error as network_predictors does.
void check_context_memory(const model::ModelConfig& config);

}  // namespace bitlaw::predict
