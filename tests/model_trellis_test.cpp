#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/model/trellis.hpp"

using namespace bitlaw;
using namespace bitlaw::model;

namespace {

std::vector<double> normal_numbers(std::size_t count, double sigma, std::uint64_t seed) {
    Random random(seed, 0);
    std::vector<double> numbers(count);
    for (double& number : numbers) {
        number = sigma * random.normal();
    }
    return numbers;
}

bool is_path(std::span<const std::int32_t> levels) {
    unsigned state = 0;
    for (const std::int32_t level : levels) {
        if ((static_cast<unsigned>(level) & 1U) != trellis_parity(state)) {
            return false;
        }
        state = next_state(state, level);
    }
    return true;
}

double cost_of(const PathProblem& problem, std::span<const std::int32_t> levels) {
    double cost = 0.0;
    for (std::size_t c = 0; c < levels.size(); ++c) {
        const double error = levels[c] - problem.targets[c];
        cost += (problem.importance.empty() ? 1.0 : problem.importance[c]) * error * error +
                problem.bit_weight * problem.bits.of(levels[c]);
    }
    return cost;
}

// The best of all paths whose levels lie within 3 of the targets.
double least_cost(const PathProblem& problem, std::vector<std::int32_t>& levels, std::size_t column,
                  unsigned state) {
    if (column == problem.targets.size()) {
        return cost_of(problem, levels);
    }
    double least = std::numeric_limits<double>::infinity();
    const auto near = static_cast<std::int32_t>(std::floor(problem.targets[column]));
    for (std::int32_t level = near - 3; level <= near + 4; ++level) {
        if ((static_cast<unsigned>(level) & 1U) == trellis_parity(state)) {
            levels[column] = level;
            least = std::min(least, least_cost(problem, levels, column + 1, next_state(state, level)));
        }
    }
    return least;
}

}  // namespace

TEST_CASE("trellis: two states lead to each state, and a state's two subsets to two") {
    std::vector<int> arrivals(kTrellisStates, 0);
    for (unsigned state = 0; state < kTrellisStates; ++state) {
        const auto parity = static_cast<std::int32_t>(trellis_parity(state));
        CHECK(next_state(state, parity) != next_state(state, parity + 2));
        for (const std::int32_t level : {parity - 4, parity - 2, parity, parity + 2}) {
            CHECK(next_state(state, level) == next_state(state, level + 4));
        }
        ++arrivals[next_state(state, parity)];
        ++arrivals[next_state(state, parity + 2)];
    }
    for (const int count : arrivals) {
        CHECK(count == 2);
    }
    CHECK(next_state(0, 0) == 0);  // a row of zeros is a path
}

TEST_CASE("trellis: the search finds the cheapest of all paths") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const std::vector<double> targets = normal_numbers(5, 3.0, seed);
        const std::vector<double> importance = {1.0, 0.25, 2.0, 1.0, 0.5};
        for (const double bit_weight : {0.0, 0.3}) {
            const PathProblem problem{.targets = targets,
                                      .importance = importance,
                                      .bit_weight = bit_weight,
                                      .bits = LevelBits(3.0)};
            std::vector<std::int32_t> levels(targets.size());
            PathSearch().find(problem, levels);
            CHECK(is_path(levels));
            std::vector<std::int32_t> tried(targets.size());
            CHECK(cost_of(problem, levels) == doctest::Approx(least_cost(problem, tried, 0, 0)));
        }
    }
}

TEST_CASE("trellis: paths of levels two apart err less than one step of the same bits would") {
    const std::vector<double> targets = normal_numbers(20'000, 12.0, 1);
    std::vector<std::int32_t> levels(targets.size());
    PathSearch().find({.targets = targets}, levels);
    REQUIRE(is_path(levels));
    double sum = 0.0;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        sum += (levels[i] - targets[i]) * (levels[i] - targets[i]);
    }
    // Levels two apart give 2^2 / 12 without a trellis; 8 states gain 1.1 dB at most.
    CHECK(sum / 20'000.0 < 0.79 / 3.0);
    CHECK(sum / 20'000.0 > 0.76 / 3.0);
}

TEST_CASE("trellis: errors are made good by the columns behind") {
    // Neighbours are alike: what counts is z = error + 0.9 the z before it.
    constexpr std::size_t kColumns = 300;
    std::vector<double> feedback(kColumns * kColumns);
    for (std::size_t c = 0; c < kColumns; ++c) {
        for (std::size_t j = c; j < kColumns; ++j) {
            feedback[c * kColumns + j] = std::pow(0.9, static_cast<double>(j - c));
        }
    }
    const std::vector<double> targets = normal_numbers(kColumns, 12.0, 2);
    const auto counted = [&](const PathProblem& problem) {
        std::vector<std::int32_t> levels(kColumns);
        PathSearch().find(problem, levels);
        CHECK(is_path(levels));
        double z = 0.0;
        double sum = 0.0;
        for (std::size_t c = 0; c < kColumns; ++c) {
            z = 0.9 * z + levels[c] - targets[c];
            sum += z * z;
        }
        return sum;
    };
    CHECK(counted({.targets = targets, .feedback = feedback}) < 0.4 * counted({.targets = targets}));
    // Held to their centers, levels are those of the nearest path.
    std::vector<std::int32_t> held(kColumns);
    std::vector<std::int32_t> plain(kColumns);
    PathSearch search;
    search.find({.targets = targets, .feedback = feedback, .centers = targets, .reach = 0.0}, held);
    search.find({.targets = targets}, plain);
    CHECK(held == plain);
}

TEST_CASE("trellis: extreme targets give levels that fit") {
    const std::vector<double> targets = {1e30, -1e30, 4095.0, -4095.0, 4094.5, -4096.0, 0.0, 1e300};
    std::vector<std::int32_t> levels(targets.size());
    PathSearch().find({.targets = targets}, levels);
    CHECK(is_path(levels));
    for (const std::int32_t level : levels) {
        CHECK(std::abs(level) <= kMaxWeightLevel);
    }
    PathSearch().find({.targets = {}}, {});
}

TEST_CASE("trellis: a row is recognised by the largest step of which it is a path") {
    std::vector<float> row;
    for (const double number : normal_numbers(64, 0.1, 3)) {
        row.push_back(static_cast<float>(number));
    }
    CHECK_FALSE(trellis_row(row).has_value());
    const std::size_t step = nearest_step(0.01);
    round_to_path(row, step);
    REQUIRE(trellis_row(row).has_value());
    CHECK(trellis_row(row)->step == step);
    std::vector<float> again = row;
    round_to_path(again, step);
    CHECK(again == row);
    // Off the path by a step: what stands on levels is a path of a quarter of their step.
    row[10] += step_at(step);
    REQUIRE(trellis_row(row).has_value());
    CHECK(step_at(trellis_row(row)->step) == doctest::Approx(step_at(step) / 4.0F));
    row[10] += step_at(step) / 3.0F;
    CHECK_FALSE(trellis_row(row).has_value());
    const std::vector<float> zeros(10, 0.0F);
    CHECK(trellis_row(zeros)->step == 0);
}
