#include "bitlaw/train/learning_rate.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/base/math.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::train {

using namespace model;

namespace {

struct Law {
    double rate;         ///< at width 64 and 10^6 bytes
    double width_power;  ///< of width / 64
    double bytes_power;  ///< of bytes / 10^6
};
// experiments/01-recipe/rates.txt
constexpr Law kLaw = {0.0444, -0.839, -0.173};
constexpr Law kMatrixLaw = {0.0361, -0.251, -0.285};

double at(const Law& law, const ModelConfig& config, std::uint64_t bytes) {
    const double width = static_cast<double>(config.width) / 64.0;
    const double millions = std::clamp(static_cast<double>(bytes) / 1e6, 1.0, 1e3);
    const double rate =
        law.rate * exact_exp2(law.width_power * exact_log2(width) + law.bytes_power * exact_log2(millions));
    return std::round(rate * 1e5) / 1e5;
}

}  // namespace

double default_learning_rate(const ModelConfig& config, std::uint64_t bytes) {
    if (family_of(config.architecture).recipe == Recipe::adamw) {
        return 1e-3 * std::sqrt(64.0 / static_cast<double>(config.width));
    }
    return at(kLaw, config, bytes);
}

double default_matrix_learning_rate(const ModelConfig& config, std::uint64_t bytes) {
    return at(kMatrixLaw, config, bytes);
}

double peak_learning_rate(const TrainOptions& options, std::uint64_t bytes) {
    return options.learning_rate > 0.0 ? options.learning_rate : default_learning_rate(options.config, bytes);
}

double peak_matrix_learning_rate(const TrainOptions& options, std::uint64_t bytes) {
    const bool has_muon = options.optimizer == Optimizer::muon ||
                          (options.optimizer == Optimizer::automatic &&
                           family_of(options.config.architecture).recipe == Recipe::muon);
    if (!has_muon) {
        return 0.0;
    }
    return options.matrix_learning_rate > 0.0 ? options.matrix_learning_rate
                                              : default_matrix_learning_rate(options.config, bytes);
}

}  // namespace bitlaw::train
