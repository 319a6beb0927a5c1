#include "bitlaw/studies/study_findings.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace bitlaw::studies {

using namespace laws;

double nominal_amount(const StudyConfig& config, std::uint64_t unique) {
    double best = 0;
    for (const DataAmount& amount : config.train_on) {
        const auto value = static_cast<double>(amount.unique);
        const auto distance = [&](double a) { return std::abs(std::log(a / static_cast<double>(unique))); };
        best = best == 0 || distance(value) < distance(best) ? value : best;
    }
    return best;
}

LawPoint StudyFindings::point(const StudyResult& result) const {
    return {static_cast<double>(result.parameters), static_cast<double>(result.trained_bytes),
            static_cast<double>(result.unique_bytes),
            second_half ? result.report_bits_per_byte : result.bits_per_byte};
}

double StudyFindings::counted_bits(const StudyResult& result) const {
    const auto found =
        std::find_if(odd.begin(), odd.end(), [&](const OddRun& o) { return o.run == result.run; });
    return found == odd.end() ? point(result).bits : found->counted;
}

double StudyFindings::choosing_bits(const StudyResult& result) const {
    const bool is_odd =
        std::any_of(odd.begin(), odd.end(), [&](const OddRun& o) { return o.run == result.run; });
    return is_odd ? counted_bits(result) : result.bits_per_byte;
}

std::span<const BestRate> StudyFindings::best_of(double amount) const {
    const auto first =
        std::find_if(best.begin(), best.end(), [=](const BestRate& rate) { return rate.unique == amount; });
    const auto last =
        std::find_if(first, best.end(), [=](const BestRate& rate) { return rate.unique != amount; });
    return {first, last};
}

std::vector<double> StudyFindings::amounts() const {
    std::set<double> list;
    for (const BestRate& rate : best) {
        list.insert(rate.unique);
    }
    return {list.begin(), list.end()};
}

double StudyFindings::shown_cost() const {
    const std::vector<double>& costs = plan.config.bytes_per_parameter;
    return *std::min_element(costs.begin(), costs.end(), [](double a, double b) {
        return std::abs(a - kStoredBytes) < std::abs(b - kStoredBytes);
    });
}

}  // namespace bitlaw::studies
