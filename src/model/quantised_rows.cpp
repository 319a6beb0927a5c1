#include "bitlaw/model/quantised_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace bitlaw::model {

namespace {

constexpr std::size_t kMantissas = 8;
constexpr int kLeastExponent = -30;

constexpr std::array<float, kSteps> make_steps() {
    std::array<float, kSteps> steps{};
    for (std::size_t index = 0; index < kSteps; ++index) {
        // m * 2^e: the power of two by its bits.
        const auto exponent =
            static_cast<std::uint32_t>(127 + kLeastExponent + static_cast<int>(index / kMantissas));
        steps[index] =
            static_cast<float>(kMantissas + index % kMantissas) * std::bit_cast<float>(exponent << 23);
    }
    return steps;
}

constexpr std::array<float, kSteps> kStepTable = make_steps();

bool are_levels(std::span<const float> weights, float step) {
    return std::all_of(weights.begin(), weights.end(),
                       [step](float weight) { return whole_level(weight, step).has_value(); });
}

}  // namespace

std::vector<std::size_t> first_rows(std::span<const Tensor> tensors) {
    std::vector<std::size_t> first = {0};
    for (const Tensor& tensor : tensors) {
        first.push_back(first.back() + (has_levels(tensor) ? stored_rows(tensor).rows : 0));
    }
    return first;
}

std::optional<std::int32_t> whole_level(float weight, float step) {
    const float exact = weight / step;
    if (!(std::abs(exact) <= static_cast<float>(kMaxWeightLevel))) {
        return {};
    }
    const auto level = static_cast<std::int32_t>(exact);
    return static_cast<float>(level) * step == weight ? std::optional(level) : std::nullopt;
}

float step_at(std::size_t index) { return kStepTable[index]; }

double root_mean_square(std::span<const float> row) {
    double sum = 0.0;
    for (const float weight : row) {
        sum += double{weight} * double{weight};
    }
    return std::sqrt(sum / static_cast<double>(row.size()));
}

std::size_t nearest_step(double value) {
    const auto above = std::lower_bound(kStepTable.begin(), kStepTable.end(), value);
    const auto index = static_cast<std::size_t>(above - kStepTable.begin());
    if (index == 0 || !(value == value)) {
        return 0;
    }
    if (index == kSteps) {
        return kSteps - 1;
    }
    const double below = kStepTable[index - 1];
    return value * value < below * double{*above} ? index - 1 : index;
}

std::optional<QuantisedRow> largest_step(std::span<const float> weights,
                                         bool (*are_of)(std::span<const float>, float)) {
    float least = 0.0F;
    float largest = 0.0F;
    for (const float weight : weights) {
        const float size = std::abs(weight);
        largest = std::max(largest, size);
        if (size > 0.0F && (least == 0.0F || size < least)) {
            least = size;
        }
    }
    if (least == 0.0F) {
        return QuantisedRow{};
    }
    // No step is larger than the smallest weight, nor so small that the largest has too high a level.
    auto index = static_cast<std::size_t>(std::upper_bound(kStepTable.begin(), kStepTable.end(), least) -
                                          kStepTable.begin());
    while (index-- > 0 && largest <= static_cast<float>(kMaxWeightLevel) * kStepTable[index]) {
        if (are_of(weights, kStepTable[index])) {
            return QuantisedRow{index};
        }
    }
    return {};
}

std::optional<QuantisedRow> quantised_row(std::span<const float> weights) {
    return largest_step(weights, are_levels);
}

void round_row(std::span<float> weights, std::size_t step) {
    const double size = step_at(step);
    for (float& weight : weights) {
        const double level =
            std::min(std::floor(std::abs(double{weight}) / size + 0.5), double{kMaxWeightLevel});
        weight = static_cast<float>((weight < 0 ? -level : level) * size);
        weight = weight == 0.0F ? 0.0F : weight;  // no negative zero
    }
}

}  // namespace bitlaw::model
