#pragma once
/// \file Text that a model writes. Class A: a seed gives the same bytes everywhere.

#include <cstdint>
#include <functional>
#include <string>

#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::predict {

struct DrawOptions {
    std::string prompt;         ///< what the model reads first
    std::uint64_t bytes = 200;  ///< to draw
    double temperature = 1;     ///< 0: always the likeliest byte; otherwise logits are divided by it
    std::uint64_t seed = 1;
    /// What a predictor must divide its logits by.
    [[nodiscard]] double logit_divisor() const { return temperature == 0.0 ? 1.0 : temperature; }
};

/// Throws UsageError for a temperature that is neither 0 nor in 0.001 .. 100.
void validate(const DrawOptions& options);
/// Throws Error when the model's symbols are no bytes, UsageError for a prompt outside its alphabet.
void require_bytes(const DrawOptions& options, const model::ModelConfig& config);

/// Begins one stream and calls write(byte) for each of options.bytes bytes behind the prompt, drawn one after
/// another from the integer frequencies that the coder would use.
void draw_text(Predictor& predictor, const DrawOptions& options,
               const std::function<void(std::uint8_t)>& write);
/// The same by a frozen network, with the checks of both functions above.
void draw_text(const model::PackedModel& model, const DrawOptions& options,
               const std::function<void(std::uint8_t)>& write);

}  // namespace bitlaw::predict
