#include "figure_series.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/numbers.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

constexpr int kCurvePoints = 80;
// Curves go on this far beyond the sizes that were run.
constexpr double kBeyond = 3.0;

}  // namespace

void Series::add(const char* style, const std::string& title, const Points& points, double shade) {
    for (const Point& p : points) {
        table_.add({count_cell(count_), text_cell(style), text_cell(title), general_cell(shade),
                    general_cell(p.x), general_cell(p.y), general_cell(p.low), general_cell(p.high)});
    }
    count_ += points.empty() ? 0 : 1;
}
double shade(std::size_t index, std::size_t count) {
    return count < 2 ? 0.4 : static_cast<double>(index) / static_cast<double>(count - 1);
}

Points curve(double first, double last, const std::function<double(double)>& value) {
    Points points;
    for (int i = 0; i < kCurvePoints; ++i) {
        const double x = first * std::pow(last / first, i / (kCurvePoints - 1.0));
        points.push_back({x, value(x)});
    }
    return points;
}

Points curve_of_sizes(const StudyFindings& f, const std::function<double(double)>& value) {
    const auto less = [](const BestRate& a, const BestRate& b) { return a.parameters < b.parameters; };
    const auto [low, high] = std::minmax_element(f.best.begin(), f.best.end(), less);
    return curve(low->parameters / kBeyond, high->parameters * kBeyond, value);
}

void add_classical(Series& series, const StudyFindings& f, double factor) {
    for (const ClassicalRate& c : f.classical) {
        series.add("grey", c.name, {{kNothing, factor * c.bits_per_byte}});
    }
}

void add_each(Series& series, const char* style, const std::map<double, Points>& by_key,
              const std::function<std::string(double)>& title) {
    std::size_t index = 0;
    for (const auto& [key, points] : by_key) {
        series.add(style, title(key), points, shade(index++, by_key.size()));
    }
}

std::string amount_text(const StudyFindings& f, const std::string& label, double amount) {
    std::uint64_t fewest = UINT64_MAX;
    std::uint64_t most = 0;
    for (const BestRate& rate : f.best_of(amount)) {
        fewest = std::min(fewest, rate.passes);
        most = std::max(most, rate.passes);
    }
    const std::string passes = fewest == most ? text_of(most) : text_of(fewest, " to ", most);
    return text_of(label, short_text(amount), " (", passes, most == 1 ? " pass)" : " passes)");
}

void add_amounts(Series& series, const StudyFindings& f, const std::string& label,
                 const std::function<double(const BestRate&)>& measured, const OfCurve& between,
                 const std::function<double(const LawPoint&)>& predicted) {
    const std::vector<double> amounts = f.amounts();
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        const double u = amounts[i];
        const double bytes = u * most_passes(f.plan.config, u);
        const double dark = shade(i, amounts.size());
        if (f.has_law()) {
            series.add("law", "",
                       curve_of_sizes(f,
                                      [&](double n) {
                                          return predicted({n, bytes, u, 0});
                                      }),
                       dark);
        }
        const std::span<const BestRate> rates = f.best_of(u);
        Points points;
        for (const BestRate& rate : rates) {
            points.push_back({rate.parameters, measured(rate)});
        }
        if (rates.size() > 1) {
            const MeasuredCurve line(rates);
            series.add("curve", "",
                       curve(rates.front().parameters, rates.back().parameters,
                             [&](double n) { return between(line, std::log(n)); }),
                       dark);
        }
        series.add("point", amount_text(f, label, u), points, dark);
    }
}

void add_optima(Series& series, const StudyFindings& f, const std::string& title, const OfOptimum& place,
                bool along_x) {
    Points inside;
    Points bounds;
    for (const MeasuredOptimum& o : f.measured_optima) {
        const auto [x, y, low, high] = place(o);
        const Interval& n = o.parameters;
        if (o.end == 0) {
            inside.push_back({x, y, n.has_bounds() ? n.low : n.value, n.has_bounds() ? n.high : n.value});
        } else {
            const double reach = (std::pow(1.6, o.end) - 1.0) * n.value;
            bounds.push_back({x, y, along_x ? reach : 0.0, along_x ? 0.0 : reach});
        }
    }
    series.add("optimum", title, inside);
    series.add("arrow", "or beyond", bounds);
}

}  // namespace bitlaw::studies
