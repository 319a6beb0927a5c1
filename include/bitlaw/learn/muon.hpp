#pragma once
/// \file The optimizer of hidden matrices: momentum, made orthogonal.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

struct MuonOptions {
    bool enabled = false;     ///< false: AdamW takes all tensors
    double rate_ratio = 1.0;  ///< learning rate of the matrices / learning rate of AdamW
    double momentum = 0.95;
    double weight_decay = 0.1;  ///< decoupled: w -= rate * weight_decay * w
};

/// A matrix that is made orthogonal by itself: queries, keys and values are columns of one tensor, but three
/// matrices.
struct MatrixBlock {
    std::size_t offset;  ///< of its first element in the flat array of parameters
    std::size_t rows;
    std::size_t columns;
    std::size_t stride;  ///< from row to row
};

/// Iterations of orthogonalise().
inline constexpr int kMuonIterations = 5;

/// The hidden matrices of a layout: all operands of products but the output's, which faces symbols and not
/// features.
[[nodiscard]] std::vector<MatrixBlock> hidden_matrices(const model::Layout& layout);

/// Memory that orthogonalise() works in; grows as needed.
struct OrthogonalScratch {
    Floats next;    ///< [r, c]
    Floats square;  ///< [c, c]
    Floats sum;     ///< [c, c]
    Floats packed;  ///< packed [c, c]
};

/// X -> about U V^T of its singular value decomposition U S V^T, in place: X / |X|, then 5 times
/// X <- a X + X (b A + c A A), A = X^T X, with (a, b, c) = (3.4445, -4.775, 2.0315), which sends singular
/// values to about 0.7 .. 1.2. X [rows, columns], rows >= columns. Class A. (Jordan et al. 2024, "Muon",
/// Newton-Schulz iteration)
void orthogonalise(float* x, std::size_t rows, std::size_t columns, OrthogonalScratch& scratch);

/// Muon (Jordan et al. 2024): m = momentum m + g, u = g + momentum m (Nesterov),
/// w -= rate (weight_decay w + sqrt(max(1, columns / rows)) orthogonal(u)), for every hidden matrix. Class A.
class Muon {
   public:
    Muon(const model::Layout& layout, const MuonOptions& options);

    /// One update of the hidden matrices in weights [parameters] from gradient [parameters] * gradient_scale;
    /// momentum [parameters] is kept between steps.
    void step(std::span<const float> gradient, double learning_rate, float gradient_scale,
              std::span<float> weights, std::span<float> momentum);

   private:
    struct Worker {
        Floats gradient;  // [rows, columns] of the block
        Floats x;         // [r, c]: the block, or its transpose when it is wide
        OrthogonalScratch scratch;
    };
    void update(const MatrixBlock& block, const float* gradient, float rate, float gradient_scale,
                float* weights, float* momentum, Worker& worker) const;

    MuonOptions options_;
    std::vector<MatrixBlock> blocks_;  // the dearest first, so that threads end together
    std::vector<Worker> workers_;
};

}  // namespace bitlaw::learn
