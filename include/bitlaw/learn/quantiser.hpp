#pragma once
/// \file Rounds a trained model's weights to few levels so that its loss rises little and its entropy-coded
/// weights are short. Exactness class A.
///
/// Weights are rounded one after the other, and each one's error is made good by those that are still to
/// come: by those of the same output (GPTQ, Frantar et al. 2023, arXiv 2210.17323), and by those of the same
/// input (YAQA, Tseng et al. 2025, arXiv 2505.22988). With A = M^T D M and G = N^T F N, M and N unit lower
/// triangular in the order of rounding, an error E costs 1/2 sum over ij of D_i F_j (M E N^T)_ij^2, and the
/// last weight that an entry of M E N^T needs can make it small. One number d gives every step: row i gets
/// d / sqrt(D_i mean(F)), and then all weights of all matrices add equal errors to the loss, which is where
/// an entropy coder's bits are spent best (reverse water-filling). Within a row levels are a path through a
/// trellis (model/trellis.hpp), found with the errors that it hands on and the bits that its levels take.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitlaw/learn/curvature.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

/// Which weights that are still to come make good an error: none, those of the same output, or those of the
/// same input too.
enum class ErrorFeed : std::uint8_t { none, rows, both };

struct QuantiserOptions {
    /// d, the root of the loss (nats a symbol, doubled) that a step's square stands for.
    double step = 1e-3;
    /// lambda / d^2. It matters little along a trellis: 0, 0.1, 0.2 and 0.3 cost the 200k +2.09, 2.08, 2.10
    /// and 2.08 % at 3.5 bits, +4.64, 4.57, 4.64 and 4.79 % at 3.
    double bit_weight = 0.3;
    /// Steps of tables / those that the rule would give them: gradients of one row at several symbols are
    /// alike more than they are opposed, so their sum's square is too much (1 and 2 times: +0.84 and
    /// +0.71 % loss of the 200k at 4.2 bits; 1.5, 2 and 3 times +2.07, 2.09 and 2.03 % at 3.5).
    double table_steps = 2.0;
    ErrorFeed feed = ErrorFeed::both;
};

struct QuantisedWeights {
    model::Model model;
    /// Of each stored row of each matrix, in the layout's order; 0: the row is not rounded.
    std::vector<float> steps;
    QuantiserOptions options;
    double bits_per_weight = 0.0;  ///< of all weights as they are stored; 0 while rows are left
};

/// For one model: what takes long is done once, and then any d is quick.
class Quantiser {
   public:
    /// The model must outlive this. Rows that have a step in `held` (empty: none) are rounded already and
    /// stay; the others make no good of their errors.
    Quantiser(const model::Model& model, const Curvature& curvature, std::span<const float> held = {});
    /// The model with that share of each matrix's rows, those that matter most first, on paths of levels
    /// (model/trellis.hpp), and with the other rows moved to make good their errors. Tensors of the group
    /// `vector` stay as they are.
    [[nodiscard]] QuantisedWeights at(const QuantiserOptions& options, double share = 1.0) const;
    /// All rows rounded with the finest steps, found by bisection, that keep to so many bits a weight, all
    /// included; none where no steps do. `options` says all but the step.
    [[nodiscard]] std::optional<QuantisedWeights> within(double bits, QuantiserOptions options) const;
    /// All rows rounded with the coarsest steps that are searched.
    [[nodiscard]] QuantisedWeights coarsest() const;

   private:
    /// Rows and columns as they are stored (model::stored_rows): of the output they are changed about.
    struct Matrix {
        model::Tensor tensor;
        std::size_t first_step = 0;       // of its rows
        std::size_t held = 0;             // rows, first in the order
        std::vector<std::size_t> order;   // [K] rows, those that matter most first
        std::vector<double> across_rows;  // M [K, K] in that order; of a table empty
        std::vector<double> row_costs;    // D [K]
        std::vector<double> feedback;     // N^T [N, N]; of a table empty
        std::vector<double> importance;   // F / its mean, [N]; of a table empty
        double mean_importance = 1.0;
    };
    void add(const ProductCurvature& product);
    void add(const TableCurvature& table);
    [[nodiscard]] Matrix begun(const model::Tensor& tensor, std::span<const double> sizes) const;
    static void quantise(const Matrix& matrix, const QuantiserOptions& options, std::size_t rounded,
                         std::span<float> weights, std::span<float> steps);

    const model::Model& model_;
    std::vector<float> held_;  // [all rows]
    std::vector<Matrix> matrices_;
};

/// Exactly one of both.
struct QuantiserTarget {
    double bits = 0.0;       ///< of a weight, all included; 0: not asked for
    double loss_rise = 0.0;  ///< of the checked loss, as a share; 0: not asked for
};

struct QuantisedModel {
    QuantisedWeights weights;
    double loss_before = 0.0;  ///< bits a symbol of the checked symbols
    double loss_after = 0.0;
};

/// The coarsest steps that keep to the target, found by bisection: `calibration` says which weights matter,
/// `check` measures the loss; both are cut into whole contexts. `options` says all but the step.
[[nodiscard]] QuantisedModel quantised_to(const model::Model& model, const QuantiserTarget& target,
                                          const QuantiserOptions& options,
                                          std::span<const symbols::Symbol> calibration,
                                          std::span<const symbols::Symbol> check);

}  // namespace bitlaw::learn
