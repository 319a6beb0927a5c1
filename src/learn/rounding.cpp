#include "bitlaw/learn/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/quantised_rows.hpp"
#include "bitlaw/model/weight_format.hpp"
#include "level_bits.hpp"

namespace bitlaw::learn {

using namespace model;

namespace {

/// Added to a row's curvature, as a share of the tensor's mean: a sample sees too little of what is rare.
constexpr double kDamping = 0.01;
constexpr double kTableSteps = QuantiserOptions{}.table_steps;
/// Steps by rms of embedding and output / those of other matrices: of the 200k at 3.5 bits 0.25, 0.5 and 1
/// cost 8.0, 9.9 and 19.9 % loss; by the curvature 6.6 %.
constexpr double kTableShare = 0.25;
/// lambda / step^2: of the 200k at 3.5 bits 0.06, 0.15 and 0.3 cost 6.6, 7.1 and 8.9 % loss.
constexpr double kBitWeight = QuantiserOptions{}.bit_weight;
/// Octaves around the rows' mean rms between which their mean step lies, and how often they are halved.
constexpr double kFinest = -14.0;
constexpr double kCoarsest = 6.0;
constexpr int kRounds = 14;

void round_levels(std::span<const float> weights, double step, std::span<float> rounded) {
    const double offset = 0.5 - std::min(kBitWeight / 2.0 * LevelBits(mean_size(weights, step)).step, 0.5);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double size =
            std::min(std::floor(std::abs(double{weights[i]}) / step + offset), double{kMaxWeightLevel});
        const auto value = static_cast<float>(size * step);
        rounded[i] = weights[i] < 0.0F && size > 0.0 ? -value : value;
    }
}

// What the loss minds an error in each row [tensor.rows]; empty where the curvature lacks the tensor.
std::vector<double> row_curvature(const Curvature& curvature, const Tensor& tensor) {
    std::vector<double> rows;
    for (const ProductCurvature& product : curvature.products) {
        if (product.tensor.offset == tensor.offset) {
            const double output = std::accumulate(product.outputs.begin(), product.outputs.end(), 0.0) /
                                  static_cast<double>(tensor.columns);
            for (std::size_t i = 0; i < tensor.rows; ++i) {
                rows.push_back(product.inputs[i * tensor.rows + i] * output);
            }
        }
    }
    for (const TableCurvature& table : curvature.tables) {
        if (table.tensor.offset == tensor.offset) {
            for (const double row : table.rows) {
                rows.push_back(row / (kTableSteps * kTableSteps));
            }
        }
    }
    const double damping = kDamping * std::accumulate(rows.begin(), rows.end(), 0.0) /
                           static_cast<double>(std::max<std::size_t>(rows.size(), 1));
    for (double& row : rows) {
        row += damping;
    }
    return rows;
}

}  // namespace

std::size_t rounded_rows(const Layout& layout) {
    std::size_t rows = 0;
    for (const Tensor& tensor : layout.tensors()) {
        rows += has_levels(tensor) ? tensor.rows : 0;
    }
    return rows;
}

Rounding::Rounding(const Model& model) : tensors_(model.layout.tensors()) {
    for (const Tensor& tensor : tensors_) {
        const bool is_table = tensor.group == Group::table || tensor.group == Group::output;
        for (std::size_t row = 0; has_levels(tensor) && row < tensor.rows; ++row) {
            rows_.push_back({tensor.offset + row * tensor.columns, tensor.columns,
                             1.0 / std::sqrt(static_cast<double>(tensor.rows)),
                             is_table ? kTableShare : 1.0});
        }
    }
}

double Rounding::rms(const Row& row, std::span<const float> weights) const {
    const double size = root_mean_square(weights.subspan(row.offset, row.columns));
    return size > 0.0 ? size : row.fresh;
}

void Rounding::begin(const Curvature& curvature, std::span<const float> weights) {
    const FloatStateGuard guard;
    std::vector<double> all;
    for (const Tensor& tensor : tensors_) {
        if (has_levels(tensor)) {
            const std::vector<double> rows = row_curvature(curvature, tensor);
            all.insert(all.end(), rows.begin(), rows.end());
        }
    }
    const bool is_known = all.size() == rows_.size() &&
                          std::all_of(all.begin(), all.end(), [](double row) { return row > 1e-30; });
    std::vector<double> sizes(rows_.size());
    double octaves = 0.0;  // sum of log2(step / rms)
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const double size = rms(rows_[i], weights);
        sizes[i] = is_known ? 1.0 / std::sqrt(all[i]) : rows_[i].share * size;
        octaves += exact_log2(sizes[i] / size);
    }
    const double mean = exact_exp2(octaves / static_cast<double>(rows_.size()));
    steps_.clear();
    for (const double size : sizes) {
        steps_.push_back(static_cast<float>(size / mean));
    }
}

void Rounding::restore(std::vector<float> steps) {
    BITLAW_ASSERT(steps.empty() || steps.size() == rows_.size());
    steps_ = std::move(steps);
}

double Rounding::fit(std::span<const float> weights, double bits) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(steps_.size() == rows_.size());
    std::vector<float> rounded(weights.size());
    const std::vector<float> before = steps_;
    double octaves = 0.0;  // sum of log2(step / rms)
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        octaves += exact_log2(double{before[i]} / rms(rows_[i], weights));
    }
    const double mean = octaves / static_cast<double>(rows_.size());
    const auto bits_at = [&](double place) {
        const double factor = exact_exp2(place - mean);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            steps_[i] = static_cast<float>(before[i] * factor);
        }
        return bits_of(weights, rounded);
    };
    double fine = kFinest;
    double coarse = kCoarsest;
    for (int round = 0; round < kRounds; ++round) {
        const double middle = (fine + coarse) / 2.0;
        (bits_at(middle) <= bits ? coarse : fine) = middle;
    }
    return bits_at(coarse);
}

double Rounding::bits_of(std::span<const float> weights, std::span<float> rounded) const {
    round(weights, rounded);
    std::vector<std::size_t> bytes(tensors_.size());
    parallel_for(tensors_.size(), [&](std::size_t index) {
        const Tensor& tensor = tensors_[index];
        ByteWriter writer;
        kQuantisedWeights.encode(tensor, rounded.subspan(tensor.offset, tensor.size()), writer);
        bytes[index] = writer.size();
    });
    const std::size_t all = std::accumulate(bytes.begin(), bytes.end(), std::size_t{0});
    return 8.0 * static_cast<double>(all) / static_cast<double>(weights.size());
}

void Rounding::round(std::span<const float> weights, std::span<float> rounded) const {
    const FloatStateGuard guard;
    BITLAW_ASSERT(weights.size() == rounded.size() && steps_.size() == rows_.size());
    for (const Tensor& tensor : tensors_) {
        if (!has_levels(tensor)) {
            const std::span<float> part = rounded.subspan(tensor.offset, tensor.size());
            std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(tensor.offset), part.size(),
                        part.begin());
            kQuantisedWeights.project(tensor, part);
        }
    }
    constexpr std::size_t kRows = 16;  // of a task
    parallel_for((rows_.size() + kRows - 1) / kRows, [&](std::size_t task) {
        const std::size_t last = std::min(rows_.size(), (task + 1) * kRows);
        for (std::size_t index = task * kRows; index < last; ++index) {
            const Row& row = rows_[index];
            round_levels(weights.subspan(row.offset, row.columns), step_at(nearest_step(steps_[index])),
                         rounded.subspan(row.offset, row.columns));
        }
    });
}

}  // namespace bitlaw::learn
