#include "bitlaw/learn/quantiser.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bisection.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/model/level_bits.hpp"
#include "bitlaw/model/stored_weights.hpp"
#include "bitlaw/model/trellis.hpp"

namespace bitlaw::learn {

using namespace model;

namespace {

/// Added to the diagonal of A, as a share of its mean: calibration sees too little of inputs that are rare.
constexpr double kDamping = 0.03;

/// Largest step, in root mean squares of a row's weights; levels of a state lie two steps apart. The
/// curvature holds near the weights only: units that are silent on the calibration have next to none, and
/// steps as large as it allows would wake them. For the same reason, errors that are fed forward move a
/// weight by one root mean square at most. Measured with one step a row and no trellis, of a network with
/// such a layer (46,592 weights): levels 1, 1.5, 2, 4 root mean squares apart and no bound cost +1.04, +1.00,
/// +1.37, +3.41, +23.3 % at 4 bits.
constexpr double kMaxStep = 0.75;

// Of a weight, all of them rounded and stored.
double stored_bits(const Model& model) {
    return 8.0 * static_cast<double>(weight_bytes(model, WeightFormatId::trellis).size()) /
           static_cast<double>(model.layout.size);
}

double mean_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void require_finite(double curvature) {
    if (!std::isfinite(curvature)) {
        fail(
            "the model's gradients are not finite, so that nothing says which weights matter; train it "
            "again");
    }
}

/// A = M^T D M with M unit lower triangular: A [n, n], symmetric and positive definite, becomes M; D [n].
std::vector<double> factor(std::vector<double>& a, std::size_t n) {
    std::vector<double> pivots(n);
    std::vector<double> column(n);
    // From the last row to the first: what of A it explains is taken away from the rows before.
    for (std::size_t j = n; j-- > 0;) {
        double* const last = a.data() + j * n;
        require_finite(last[j]);
        const double pivot = std::max(last[j], 1e-300);
        pivots[j] = pivot;
        for (std::size_t i = 0; i < j; ++i) {
            column[i] = last[i];
            last[i] /= pivot;
        }
        last[j] = 1.0;
        std::fill(last + j + 1, last + n, 0.0);
        parallel_for((j + 63) / 64, [&](std::size_t task) {
            for (std::size_t i = task * 64; i < std::min(j, task * 64 + 64); ++i) {
                double* const row = a.data() + i * n;
                for (std::size_t k = 0; k <= i; ++k) {  // the lower triangle
                    row[k] -= last[i] * column[k];
                }
            }
        });
    }
    return pivots;
}

// A with rows and columns in that order, damped.
std::vector<double> in_order(const std::vector<double>& a, std::span<const std::size_t> order) {
    const std::size_t n = order.size();
    double trace = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        trace += a[i * n + i];
    }
    const double damping = std::max(kDamping * trace / static_cast<double>(n), 1e-30);
    std::vector<double> result(n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            result[i * n + j] = a[order[i] * n + order[j]] + (i == j ? damping : 0.0);
        }
    }
    return result;
}

std::vector<double> transposed(const std::vector<double>& a, std::size_t n) {
    std::vector<double> result(n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            result[j * n + i] = a[i * n + j];
        }
    }
    return result;
}

// The step that there is for an exact one, not too coarse for a row of that size nor too fine for its levels.
double step_of(std::span<const float> row, double exact, double size) {
    if (size == 0.0) {
        return step_at(nearest_step(exact));
    }
    double largest = 0.0;
    for (const float weight : row) {
        largest = std::max(largest, std::abs(double{weight}));
    }
    constexpr double kMostLevels = 0.9 * kMaxWeightLevel;  // room for errors of other rows, and for rounding
    return step_at(nearest_step(std::max(std::min(exact, kMaxStep * size), largest / kMostLevels)));
}

}  // namespace

Quantiser::Quantiser(const Model& model, const Curvature& curvature, std::span<const float> held)
    : model_(model), held_(held.begin(), held.end()) {
    const FloatStateGuard guard;
    held_.resize(first_rows(model.layout.tensors()).back());
    for (const ProductCurvature& product : curvature.products) {
        add(product);
    }
    for (const TableCurvature& table : curvature.tables) {
        add(table);
    }
}

// The order of the rows: those that are held, then by size.
Quantiser::Matrix Quantiser::begun(const Tensor& tensor, std::span<const double> sizes) const {
    Matrix matrix;
    matrix.tensor = tensor;
    const std::vector<Tensor>& all = model_.layout.tensors();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Tensor& t) { return t.offset == tensor.offset; });
    matrix.first_step = first_rows(all)[static_cast<std::size_t>(found - all.begin())];
    const auto is_held = [&](std::size_t row) { return held_[matrix.first_step + row] > 0.0F; };
    matrix.order.resize(sizes.size());
    std::iota(matrix.order.begin(), matrix.order.end(), std::size_t{0});
    std::stable_sort(matrix.order.begin(), matrix.order.end(), [&](std::size_t a, std::size_t b) {
        return is_held(a) != is_held(b) ? is_held(a) : sizes[a] > sizes[b];
    });
    matrix.held = static_cast<std::size_t>(std::count_if(matrix.order.begin(), matrix.order.end(), is_held));
    return matrix;
}

void Quantiser::add(const ProductCurvature& product) {
    const StoredRows rows = stored_rows(product.tensor);
    const bool is_turned = product.tensor.group == Group::output;
    const std::vector<double>& of_rows = is_turned ? product.outputs : product.inputs;
    const std::vector<double>& of_columns = is_turned ? product.inputs : product.outputs;
    std::vector<double> sizes(rows.rows);
    for (std::size_t i = 0; i < rows.rows; ++i) {
        sizes[i] = of_rows[i * rows.rows + i];
    }
    Matrix matrix = begun(product.tensor, sizes);
    matrix.across_rows = in_order(of_rows, matrix.order);
    matrix.row_costs = factor(matrix.across_rows, rows.rows);
    std::vector<std::size_t> natural(rows.columns);
    std::iota(natural.begin(), natural.end(), std::size_t{0});
    std::vector<double> across = in_order(of_columns, natural);
    matrix.importance = factor(across, rows.columns);
    matrix.feedback = transposed(across, rows.columns);
    matrix.mean_importance = std::max(mean_of(matrix.importance), 1e-300);
    for (double& importance : matrix.importance) {
        importance /= matrix.mean_importance;
    }
    matrices_.push_back(std::move(matrix));
}

void Quantiser::add(const TableCurvature& table) {
    Matrix matrix = begun(table.tensor, table.rows);
    const double damping = std::max(kDamping * mean_of(table.rows), 1e-300);
    for (const std::size_t row : matrix.order) {
        require_finite(table.rows[row]);
        matrix.row_costs.push_back(table.rows[row] + damping);
    }
    matrices_.push_back(std::move(matrix));
}

void Quantiser::quantise(const Matrix& matrix, const QuantiserOptions& options, std::size_t rounded,
                         std::span<float> weights, std::span<float> steps) {
    const StoredRows rows = stored_rows(matrix.tensor);
    const std::size_t columns = rows.columns;
    const bool feeds_rows = options.feed != ErrorFeed::none && !matrix.across_rows.empty();
    const double factor = matrix.across_rows.empty() ? options.table_steps : 1.0;
    std::vector<double> errors(rows.rows * columns);  // of the rows in their order
    std::vector<float> row(columns);
    std::vector<double> owed(columns);  // what rows before owe to this one
    std::vector<double> targets(columns);
    std::vector<double> centers(columns);
    std::vector<double> after(columns);
    std::vector<std::int32_t> levels(columns);
    PathSearch search;
    for (std::size_t i = matrix.held; i < rows.rows && (i < rounded || feeds_rows); ++i) {
        rows.get(weights, matrix.order[i], row);
        std::fill(owed.begin(), owed.end(), 0.0);
        for (std::size_t k = matrix.held; feeds_rows && k < i; ++k) {
            const double share = matrix.across_rows[i * rows.rows + k];
            const double* const error = errors.data() + k * columns;
            for (std::size_t c = 0; c < columns; ++c) {
                owed[c] += share * error[c];
            }
        }
        const double size = root_mean_square(row);
        const double exact = factor * options.step / std::sqrt(matrix.row_costs[i] * matrix.mean_importance);
        if (i < rounded) {
            const double step = step_of(row, exact, size);
            for (std::size_t c = 0; c < columns; ++c) {
                centers[c] = row[c] / step;
                targets[c] = centers[c] - owed[c] / step;
            }
            PathProblem problem{.targets = targets,
                                .importance = matrix.importance,
                                .centers = centers,
                                .reach = size / step,
                                .bit_weight = options.bit_weight,
                                .bits = LevelBits(mean_size(row, step))};
            if (options.feed == ErrorFeed::both) {
                problem.feedback = matrix.feedback;
            }
            search.find(problem, levels);
            steps[matrix.order[i]] = static_cast<float>(step);
            for (std::size_t c = 0; c < columns; ++c) {
                after[c] = levels[c] * step;
            }
        } else {
            for (std::size_t c = 0; c < columns; ++c) {
                after[c] = row[c] - std::clamp(owed[c], -size, size);
            }
        }
        for (std::size_t c = 0; c < columns; ++c) {
            errors[i * columns + c] = after[c] - double{row[c]};
            row[c] = static_cast<float>(after[c]);
        }
        rows.put(row, matrix.order[i], weights);
    }
}

QuantisedWeights Quantiser::at(const QuantiserOptions& options, double share) const {
    const FloatStateGuard guard;
    QuantisedWeights result{model_, held_, options, 0.0};
    parallel_for(matrices_.size(), [&](std::size_t i) {
        const Matrix& matrix = matrices_[i];
        const std::size_t rows = matrix.order.size();
        const auto rounded = static_cast<std::size_t>(share * static_cast<double>(rows) + 0.5);
        quantise(matrix, options, rounded, result.model.view(matrix.tensor),
                 std::span(result.steps).subspan(matrix.first_step, rows));
    });
    if (share >= 1.0) {
        result.bits_per_weight = stored_bits(result.model);
    }
    return result;
}

std::optional<QuantisedWeights> Quantiser::within(double bits, QuantiserOptions options) const {
    return bisected(Wanted::finest, [&](double step) {
        options.step = step;
        std::optional<QuantisedWeights> trial = at(options);
        return trial->bits_per_weight <= bits ? std::move(trial) : std::nullopt;
    });
}

QuantisedWeights Quantiser::coarsest() const { return at({.step = exact_exp2(kCoarsest)}); }

}  // namespace bitlaw::learn
