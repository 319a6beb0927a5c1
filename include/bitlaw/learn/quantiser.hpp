#pragma once
/// \file Rounds a trained model's weights to few levels so that its loss rises little and its entropy-coded
/// weights are short. Exactness class A.
///
/// Rows (inputs) are rounded one after the other, and each one's error is made good by those that are still
/// to come (GPTQ, Frantar et al. 2023, arXiv 2210.17323, equation 5, with the inverse's Cholesky factor).
/// With A = R R^T, R upper triangular, and U = R^-1, row i of W costs (w - q)^2 / U_ii^2 once the rows behind
/// it have adapted. So one number D gives every step: row i of a matrix whose outputs have the mean curvature
/// g gets D U_ii / sqrt(g), and then all weights of all matrices add equal errors to the loss, which is where
/// an entropy coder's bits are spent best (reverse water-filling). Of the two levels next to a weight that
/// one is taken for which error + lambda bits is smaller.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/learn/curvature.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

struct QuantiserOptions {
    /// D, the root of the loss (nats a symbol, doubled) that a step's square stands for.
    double step = 1e-3;
    /// lambda / D^2. At high rates a bit less multiplies the error by 4, so D^2 / 12 * 2 ln 2 = 0.116 D^2; at
    /// 4 bits, where contexts see better than the row's mean what a level costs, half of it was best.
    double bit_weight = 0.06;
    /// Steps of tables / those that the rule would give them: gradients of one row at several symbols are
    /// alike more than they are opposed, so their sum's square is too much (1, 1.5 and 2 times:
    /// +1.50, 1.41, 1.46 % loss of the 200k at 4.19 bits).
    double table_steps = 1.5;
    /// Error is fed forward to the rows behind; otherwise each row is rounded for itself.
    bool feeds_error = true;
};

/// For one model: what takes long is done once, and then any D is quick.
class Quantiser {
   public:
    /// The model must outlive this.
    Quantiser(const model::Model& model, const Curvature& curvature);
    /// The model with its matrices on the levels of quantised rows (model/quantised_rows.hpp), tensors of the
    /// group `vector` as they are.
    [[nodiscard]] model::Model at(const QuantiserOptions& options) const;

   private:
    struct Matrix {
        model::Tensor tensor;
        std::vector<std::size_t> order;  // [K] rows, those that matter most first
        std::vector<double> factor;      // U [K, K] in that order, upper triangular
        std::vector<double> outputs;     // g_j / their mean, [N]
        double mean_output = 0.0;
    };
    void quantise(const Matrix& matrix, const QuantiserOptions& options, std::span<float> weights) const;
    static void quantise(const TableCurvature& table, const QuantiserOptions& options,
                         std::span<float> weights);

    const model::Model& model_;
    std::vector<Matrix> matrices_;
    std::vector<TableCurvature> tables_;
};

/// Exactly one of both.
struct QuantiserTarget {
    double bits = 0.0;       ///< of a weight, all included; 0: not asked for
    double loss_rise = 0.0;  ///< of the checked loss, as a share; 0: not asked for
};

struct QuantisedModel {
    model::Model model;
    QuantiserOptions options;
    double bits_per_weight = 0.0;  ///< stored bytes of all weights
    double loss_before = 0.0;      ///< bits a symbol of the checked symbols
    double loss_after = 0.0;
};

/// The coarsest steps that keep to the target, found by bisection: `calibration` says which weights matter,
/// `check` measures the loss; both are cut into whole contexts. `options` says all but the step.
[[nodiscard]] QuantisedModel quantised_to(const model::Model& model, const QuantiserTarget& target,
                                          const QuantiserOptions& options,
                                          std::span<const symbols::Symbol> calibration,
                                          std::span<const symbols::Symbol> check);

}  // namespace bitlaw::learn
