#pragma once
/// \file The optimizer.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

struct AdamOptions {
    double beta1;
    double beta2;
    double epsilon;
    double weight_decay;  ///< on the matrices of products; not on embeddings, biases and gains
};

/// Which tensors AdamW updates.
enum class AdamTensors {
    all,
    all_but_hidden_matrices,  ///< Muon takes those
};

/// What the optimizer remembers between steps.
struct AdamMoments {
    Floats first;              ///< m [parameters]; of hidden matrices that Muon updates: its momentum
    Floats second;             ///< v [parameters]
    double beta1_power = 1.0;  ///< beta1^t, by repeated multiplication, so that no pow is needed
    double beta2_power = 1.0;  ///< beta2^t
};

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2) over all tensors of a layout,
/// in parallel over fixed chunks. Class A: Kernels::adam says every operation.
class AdamW {
   public:
    AdamW(const model::Layout& layout, const AdamOptions& options, AdamTensors tensors = AdamTensors::all);

    /// One update of weights [parameters] from gradient [parameters] * gradient_scale.
    void step(std::span<const float> gradient, double learning_rate, float gradient_scale,
              std::span<float> weights);

    [[nodiscard]] const AdamMoments& moments() const { return moments_; }
    /// Memory for the optimizer of the tensors that AdamW leaves alone: [parameters].
    [[nodiscard]] std::span<float> first_moments() { return moments_.first; }
    /// Continues from saved moments of the same layout.
    void restore(AdamMoments moments);

   private:
    struct Chunk {
        std::size_t first;
        std::size_t count;
        bool decays;
    };
    AdamOptions options_;
    std::vector<Chunk> chunks_;
    AdamMoments moments_;
};

}  // namespace bitlaw::learn
