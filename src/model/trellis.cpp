#include "bitlaw/model/trellis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "bitlaw/base/error.hpp"

namespace bitlaw::model {

namespace {

/// The two levels of a parity that are nearest to a target. They lie in different subsets.
struct Candidates {
    std::int32_t level[2];
    double cost[2];
};

// The nearest of both subsets, cut at the largest level of its parity.
Candidates candidates(double target, unsigned parity, double importance, double bit_weight,
                      const LevelBits& bits) {
    constexpr double kMost = kMaxWeightLevel - 1;  // 4094, and 4093 or -4095 for odd ones
    const double odd = parity == 0 ? 0.0 : 1.0;
    const double below = std::clamp(2.0 * std::floor((target - odd) / 2.0), -kMost, kMost - 2.0) + odd;
    Candidates result{};
    for (int i = 0; i < 2; ++i) {
        const double level = below + 2.0 * i;
        const double error = level - target;
        result.level[i] = static_cast<std::int32_t>(level);
        result.cost[i] = importance * error * error + bit_weight * bits.of(level);
    }
    return result;
}

}  // namespace

void PathSearch::find(const PathProblem& problem, std::span<std::int32_t> levels) {
    constexpr double kNever = std::numeric_limits<double>::infinity();
    const std::size_t columns = problem.targets.size();
    BITLAW_ASSERT(levels.size() == columns);
    steps_.resize(columns * kTrellisStates);
    const bool feeds = !problem.feedback.empty();
    if (feeds) {
        pending_.assign(kTrellisStates * columns, 0.0);
        behind_.resize(kTrellisStates * columns);
    }
    std::array<double, kTrellisStates> costs{};
    std::array<double, kTrellisStates> next{};
    std::array<double, kTrellisStates> errors{};  // of the level that leads to a state
    costs.fill(kNever);
    costs[0] = 0.0;
    for (std::size_t c = 0; c < columns; ++c) {
        const double importance = problem.importance.empty() ? 1.0 : problem.importance[c];
        const auto bounded = [&](double target) {
            return problem.centers.empty() ? target
                                           : std::clamp(target, problem.centers[c] - problem.reach,
                                                        problem.centers[c] + problem.reach);
        };
        Candidates both[2];
        if (!feeds) {
            for (const unsigned parity : {0U, 1U}) {
                both[parity] = candidates(bounded(problem.targets[c]), parity, importance, problem.bit_weight,
                                          problem.bits);
            }
        }
        Step* const steps = steps_.data() + c * kTrellisStates;
        next.fill(kNever);
        for (unsigned state = 0; state < kTrellisStates; ++state) {
            if (costs[state] == kNever) {
                continue;
            }
            const unsigned parity = trellis_parity(state);
            const Candidates own =
                feeds ? candidates(bounded(problem.targets[c] - pending_[state * columns + c]), parity,
                                   importance, problem.bit_weight, problem.bits)
                      : both[parity];
            for (int i = 0; i < 2; ++i) {
                const unsigned to = next_state(state, own.level[i]);
                const double cost = costs[state] + own.cost[i];
                if (cost < next[to]) {
                    next[to] = cost;
                    steps[to] = {own.level[i], static_cast<std::uint8_t>(state)};
                    errors[to] = own.level[i] - problem.targets[c];
                }
            }
        }
        costs = next;
        if (feeds) {
            hand_on(problem.feedback.subspan(c * columns, columns), steps, errors, c);
        }
    }
    auto state = static_cast<unsigned>(std::min_element(costs.begin(), costs.end()) - costs.begin());
    for (std::size_t c = columns; c-- > 0;) {
        const Step& step = steps_[c * kTrellisStates + state];
        levels[c] = step.level;
        state = step.from;
    }
}

// What each state's path owes to the columns behind c: as the path that it continues, and for its error at c.
void PathSearch::hand_on(std::span<const double> share, const Step* steps,
                         const std::array<double, kTrellisStates>& errors, std::size_t c) {
    const std::size_t columns = share.size();
    for (unsigned state = 0; state < kTrellisStates; ++state) {
        const double* const before = pending_.data() + steps[state].from * columns;
        double* const after = behind_.data() + state * columns;
        for (std::size_t j = c + 1; j < columns; ++j) {
            after[j] = before[j] + errors[state] * share[j];
        }
    }
    pending_.swap(behind_);
}

namespace {

bool is_path(std::span<const float> weights, float step) {
    unsigned state = 0;
    for (const float weight : weights) {
        const std::optional<std::int32_t> level = whole_level(weight, step);
        if (!level || (static_cast<unsigned>(*level) & 1U) != trellis_parity(state)) {
            return false;
        }
        state = next_state(state, *level);
    }
    return true;
}

}  // namespace

std::optional<QuantisedRow> trellis_row(std::span<const float> weights) {
    return largest_step(weights, is_path);
}

void round_to_path(std::span<float> weights, std::size_t step) {
    const double size = step_at(step);
    std::vector<double> targets(weights.begin(), weights.end());
    for (double& target : targets) {
        target /= size;
    }
    std::vector<std::int32_t> levels(weights.size());
    PathSearch().find({.targets = targets}, levels);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        weights[i] = static_cast<float>(levels[i] * size);
    }
}

}  // namespace bitlaw::model
