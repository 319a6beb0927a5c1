#pragma once
/// \file Tiny models whose predictions are far from uniform, and bytes that such a model finds likely.

#include <cmath>
#include <cstdint>

#include "bitlaw/base/random.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/predict/network_predictor.hpp"

namespace bitlaw::test {

/// Two layers, grouped heads for modern, a window shorter than the context.
[[nodiscard]] inline model::ModelConfig tiny_config(model::Architecture architecture,
                                                    std::uint32_t alphabet = 256) {
    const bool vanilla = architecture == model::Architecture::vanilla;
    return {.architecture = architecture,
            .cache = vanilla ? model::CachePrecision::fp32 : model::CachePrecision::bf16,
            .alphabet = alphabet,
            .width = 16,
            .layers = 2,
            .heads = 2,
            .kv_heads = vanilla ? 2u : 1u,
            .head_width = 16,
            .hidden = 32,
            .context = 64,
            .window = vanilla ? 64u : 40u,
            .rotary_base = 10000,
            .taps = vanilla ? 0u : 3u};
}

/// The smallest that runs: one layer, one head.
[[nodiscard]] inline model::ModelConfig smallest_config(model::Architecture architecture,
                                                        std::uint32_t alphabet) {
    return {.architecture = architecture,
            .alphabet = alphabet,
            .width = 4,
            .layers = 1,
            .heads = 1,
            .kv_heads = 1,
            .head_width = 16,
            .hidden = 4,
            .context = 32,
            .window = architecture == model::Architecture::vanilla ? 32u : 20u,
            .rotary_base = 10000,
            .taps = architecture == model::Architecture::vanilla ? 0u : 1u};
}

/// A model of random weights with noise on every one, so that no tensor is zero, as it comes back from a
/// file.
[[nodiscard]] inline model::StoredModel noisy_model(
    const model::ModelConfig& config, std::uint64_t seed,
    model::WeightFormatId format = model::WeightFormatId::bf16) {
    model::Model model = model::initial_model(config, seed);
    Random random(seed, 77);
    for (float& weight : model.weights) {
        weight += static_cast<float>(0.7 * random.normal());
    }
    return model::decode_model(model::encode_model(model, format, nullptr), "the test's model");
}

/// Such a model of tiny_config, with 64 symbols.
[[nodiscard]] inline model::Model tiny_noisy(model::Architecture architecture) {
    return noisy_model(tiny_config(architecture, 64), 5).model;
}

[[nodiscard]] inline Bytes random_bytes(std::size_t count, std::uint64_t seed, std::uint64_t alphabet = 256) {
    Random random(seed);
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) {
        byte = static_cast<std::uint8_t>(random.below(alphabet));
    }
    return bytes;
}

/// A sample of the model: what a decoder makes of random bytes. The model codes it in fewer bits than 8 a
/// byte.
[[nodiscard]] inline Bytes likely_bytes(const model::StoredModel& model, std::size_t count,
                                        std::uint64_t seed) {
    const model::PackedModel packed(model.model, model::PackFor::inference);
    const Bytes payload = random_bytes(count + 8, seed);
    const ByteSpan span = payload;
    Bytes plain(count);
    if (count > 0) {
        const std::uint64_t reset = predict::default_reset(model.model.config);
        coding::decode_streams(predict::network_predictors(packed, {.reset_every = reset}), {&span, 1}, plain,
                               {});
    }
    return plain;
}

}  // namespace bitlaw::test
