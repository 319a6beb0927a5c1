#include "bitlaw/studies/study_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "gnuplot_script.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

constexpr int kCurvePoints = 80;
// Curves go on this far beyond the sizes that were run.
constexpr double kBeyond = 3.0;

FigureRows curve(double first, double last, const std::function<double(double)>& value) {
    FigureRows rows;
    for (int i = 0; i < kCurvePoints; ++i) {
        const double x = first * std::pow(last / first, i / (kCurvePoints - 1.0));
        rows.push_back({x, value(x)});
    }
    return rows;
}

std::pair<double, double> size_range(const StudyFindings& f) {
    const auto less = [](const BestRate& a, const BestRate& b) { return a.parameters < b.parameters; };
    const auto [low, high] = std::minmax_element(f.best.begin(), f.best.end(), less);
    return {low->parameters, high->parameters};
}

void plot_classical(GnuplotScript& script, const StudyFindings& f, double factor) {
    constexpr std::array kGreys{"#666666", "#999999", "#777777", "#aaaaaa"};
    for (std::size_t i = 0; i < f.classical.size(); ++i) {
        script.plot(text_of(factor * f.classical[i].bits_per_byte, " with lines lw 1.4 dt ", i + 2,
                            " lc rgb \"", kGreys[i % kGreys.size()], "\"",
                            gnuplot_title(f.classical[i].name)));
    }
}

// "U = 10M, 1 to 4 passes": what the rates of an amount are the best of.
std::string amount_text(const StudyFindings& f, const std::string& label, double amount) {
    std::uint64_t fewest = UINT64_MAX;
    std::uint64_t most = 0;
    for (const BestRate& rate : f.best_of(amount)) {
        fewest = std::min(fewest, rate.passes);
        most = std::max(most, rate.passes);
    }
    const std::string passes = fewest == most ? text_of(most) : text_of(fewest, " to ", most);
    return text_of(label, short_text(amount), ", ", passes, most == 1 ? " pass" : " passes");
}

// What a figure shows of a measured curve at log N.
using OfCurve = std::function<double(const MeasuredCurve&, double)>;

// A smooth line through the measured rates of each amount and, dashed, the law at its most passes.
void plot_amounts(GnuplotScript& script, const StudyFindings& f, const std::string& label,
                  const std::function<double(const BestRate&)>& measured, const OfCurve& between,
                  const std::function<double(const LawPoint&)>& predicted) {
    const auto [low, high] = size_range(f);
    const std::vector<double> amounts = f.amounts();
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        const std::string colour = figure_colour(i, amounts.size());
        const double u = amounts[i];
        const double bytes = u * most_passes(f.plan.config, u);
        if (f.has_law()) {
            script.plot(curve(low / kBeyond, high * kBeyond,
                              [&](double n) {
                                  return predicted({n, bytes, u, 0});
                              }),
                        text_of("with lines lw 1.4 dt (6, 4) lc rgb \"", colour, "\" notitle"));
        }
        const std::span<const BestRate> rates = f.best_of(u);
        FigureRows points;
        for (const BestRate& rate : rates) {
            points.push_back({rate.parameters, measured(rate)});
        }
        if (rates.size() > 1) {
            const MeasuredCurve line(rates);
            script.plot(curve(rates.front().parameters, rates.back().parameters,
                              [&](double n) { return between(line, std::log(n)); }),
                        text_of("with lines lw 2 lc rgb \"", colour, "\" notitle"));
        }
        script.plot(points, text_of("with points pt 7 ps 0.6 lc rgb \"", colour, "\"",
                                    gnuplot_title(amount_text(f, label, u))));
    }
}

using OfOptimum = std::function<std::pair<double, double>(const MeasuredOptimum&)>;

// Place and value of the optima inside, and the interval of their sizes: of no width where there is none.
FigureRows rows_of_optima(const StudyFindings& f, const OfOptimum& point) {
    FigureRows rows;
    for (const MeasuredOptimum& o : f.measured_optima) {
        if (o.end == 0) {
            const auto [x, y] = point(o);
            const Interval& n = o.parameters;
            rows.push_back({x, y, n.has_bounds() ? n.low : n.value, n.has_bounds() ? n.high : n.value});
        }
    }
    return rows;
}

// Place and value of the optima that are bounds, and how far their arrow goes along an axis of sizes: to 1.6
// times or a 1.6th.
FigureRows rows_of_bounds(const StudyFindings& f, const OfOptimum& point, bool along_x) {
    FigureRows rows;
    for (const MeasuredOptimum& o : f.measured_optima) {
        if (o.end != 0) {
            const auto [x, y] = point(o);
            const double reach = (std::pow(1.6, o.end) - 1.0) * (along_x ? x : y);
            rows.push_back({x, y, along_x ? reach : 0.0, along_x ? 0.0 : reach});
        }
    }
    return rows;
}

constexpr const char* kArrows =
    "using 1:2:3:4 with vectors head filled size screen 0.012,20 lw 2 lc rgb \"#000000\"";

StudyFigure rate_figure(const StudyFindings& f) {
    StudyFigure figure{"rate", "Held-out rate without the model",
                       "Each size's best number of passes over each amount of data, seeds averaged.", ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "bits per byte");
    const auto [low, high] = size_range(f);
    script.set("set logscale x");
    script.set_sizes('x', low / kBeyond, high * kBeyond);
    plot_amounts(
        script, f, "U = ", [](const BestRate& r) { return r.bits; },
        [](const MeasuredCurve& line, double place) { return line.bits(place); },
        [&](const LawPoint& p) { return f.law().bits(p); });
    plot_classical(script, f, 1.0);
    figure.caption += f.has_law() ? " Dashed: the law at the most passes." : "";
    figure.script = script.text();
    return figure;
}

StudyFigure adjusted_figure(const StudyFindings& f) {
    StudyFigure figure{
        "adjusted", "Held-out rate with the model counted, S = D",
        "(archive + model as stored) / original bytes, when as many bytes are coded as were trained on. "
        "Circles: the lowest point for each amount, with its 90 % interval; arrows: the end of the sizes is "
        "best, so that it is a bound.",
        ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "adjusted rate, % of the original");
    const auto [low, high] = size_range(f);
    script.set("set logscale xy");
    script.set_sizes('x', low / kBeyond, high * kBeyond);
    const double cost = f.shown_cost();
    double least = 1e9;
    for (const BestRate& rate : f.best) {
        least = std::min(least, rate.adjusted());
    }
    for (const LawOptimum& o : f.predictions) {
        least = o.bytes_per_parameter == cost ? std::min(least, o.adjusted.value) : least;
    }
    // Far beyond the original there is nothing to see.
    script.set(text_of("set yrange [", 80.0 * least,
                       ":250]\nset ytics (10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100, 150, "
                       "200)\nunset mytics"));
    plot_amounts(
        script, f, "U = S = ", [](const BestRate& r) { return 100.0 * r.adjusted(); },
        [](const MeasuredCurve& line, double place) { return 100.0 * line.adjusted(place); },
        [&](const LawPoint& p) { return 100.0 * adjusted_rate(f.law(), p, p.unique, cost); });
    if (f.has_law()) {
        const auto bytes = static_cast<double>(f.plan.config.predict_bytes);
        script.plot(curve(low / kBeyond, high * kBeyond,
                          [&](double n) {
                              return 100.0 * adjusted_rate(f.law(), {n, bytes, bytes, 0}, bytes, cost);
                          }),
                    text_of("with lines lw 1.6 dt (2, 3) lc rgb \"#c03030\"",
                            gnuplot_title("law at " + short_text(bytes))));
    }
    const OfOptimum place = [](const MeasuredOptimum& o) {
        return std::pair(o.parameters.value, 100.0 * o.adjusted.value);
    };
    script.plot(
        rows_of_optima(f, place),
        "using 1:2:3:4 with xerrorbars pt 6 ps 1.5 lw 2 lc rgb \"#000000\"" + gnuplot_title("lowest point"));
    script.plot(rows_of_bounds(f, place, true), kArrows + gnuplot_title("or beyond"));
    plot_classical(script, f, 100.0 / 8.0);
    figure.caption += f.has_law() ? " Dashed: the law at the most passes, " + cost_text(cost) + "." : "";
    figure.caption +=
        f.classical.empty()
            ? ""
            : " Grey: compressors on the held-out bytes; on more bytes large windows help some.";
    figure.script = script.text();
    return figure;
}

StudyFigure flops_figure(const StudyFindings& f) {
    StudyFigure figure{
        "flops", "Held-out rate against operations of training",
        "Each line is one size, over its amounts of data and passes. Black: no run with fewer operations is "
        "better.",
        ""};
    GnuplotScript script(figure.name, figure.title, "floating-point operations of training", "bits per byte");
    script.set("set logscale x\nset format x \"10^{%L}\"");
    std::map<std::uint64_t, FigureRows> by_size;
    FigureRows all;
    for (const StudyResult& r : f.fitted) {
        const double bits = f.point(r).bits;
        by_size[r.parameters].push_back({r.training_flops, bits});
        all.push_back({r.training_flops, bits});
    }
    std::size_t index = 0;
    for (auto& [size, rows] : by_size) {
        std::sort(rows.begin(), rows.end());
        script.plot(rows, text_of("with linespoints pt 7 ps 0.5 lw 1.3 lc rgb \"",
                                  figure_colour(index++, by_size.size()), "\"",
                                  gnuplot_title("N = " + short_text(static_cast<double>(size)))));
    }
    std::sort(all.begin(), all.end());
    FigureRows frontier;
    for (const auto& row : all) {
        if (frontier.empty() || row[1] < frontier.back()[1]) {
            frontier.push_back(row);
        }
    }
    script.plot(frontier, "with lines lw 2.4 lc rgb \"#000000\"" + gnuplot_title("frontier"));
    if (f.has_law() && !all.empty()) {
        const FormLaw& law = f.law();
        const ByteOperations operations = study_operations(f.plan.config);
        script.plot(curve(all.front()[0], all.back()[0] * 10.0,
                          [&](double flops) {
                              const double n = compute_optimum(law, flops, operations);
                              const double bytes = flops / operations.at(n);
                              return law.bits(n, bytes, bytes);
                          }),
                    "with lines lw 2 dt (6, 4) lc rgb \"#c03030\"" + gnuplot_title("law's frontier"));
        figure.caption += " Dashed: the law's best size at exact operations, all bytes different.";
    }
    plot_classical(script, f, 1.0);
    figure.script = script.text();
    return figure;
}

StudyFigure optimum_figure(const StudyFindings& f) {
    StudyFigure figure{
        "optimum", "The best number of parameters when the model is counted",
        text_of(
            "Lines: where the adjusted rate of the law that predicts best is least at S = D, by the bytes "
            "that a parameter takes, up to ten times the data; grey: the range of all forms at ",
            cost_text(f.shown_cost()),
            ". Points: lowest points of the measured rates; arrows: bounds. Steps: the largest network that "
            "was measured on so many bytes."),
        ""};
    GnuplotScript script(figure.name, figure.title, "bytes coded S", "best N");
    script.set("set logscale xy");
    const std::vector<double> amounts = f.amounts();
    const double last = 10.0 * amounts.back();
    std::map<double, FigureRows> by_cost;
    FigureRows band;
    double first = last;
    double least = INFINITY;
    double most = 0;
    for (const LawOptimum& o : f.optima) {
        if (o.coded > last) {
            continue;
        }
        first = std::min(first, o.coded);
        least = std::min(least, o.parameters.value);
        most = std::max(most, o.parameters.value);
        by_cost[o.bytes_per_parameter].push_back({o.coded, o.parameters.value});
        if (o.bytes_per_parameter == f.shown_cost()) {
            band.push_back({o.coded, o.parameters_by_form.low, o.parameters_by_form.high});
        }
    }
    // Wider than the values: a tic that lies on the border is not drawn.
    script.set_sizes('x', first / 1.5, last * 1.5);
    script.set_sizes('y', least / 1.5, most * 1.5);
    script.plot(band, "using 1:2:3 with filledcurves lc rgb \"#dddddd\" fs solid noborder" +
                          gnuplot_title(text_of("all forms at ", f.shown_cost())));
    std::size_t index = 0;
    for (const auto& [cost, rows] : by_cost) {
        script.plot(rows, text_of("with lines lw 2 lc rgb \"", figure_colour(index++, by_cost.size()), "\"",
                                  gnuplot_title(cost_text(cost))));
    }
    FigureRows corner;
    for (const double amount : amounts) {
        corner.push_back({amount, f.best_of(amount).back().parameters});
    }
    script.plot(corner, "with steps lw 1.4 dt 3 lc rgb \"#888888\"" + gnuplot_title("largest measured"));
    const OfOptimum place = [](const MeasuredOptimum& o) { return std::pair(o.unique, o.parameters.value); };
    script.plot(rows_of_optima(f, place),
                "using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.6 lc rgb "
                "\"#000000\"" +
                    gnuplot_title("measured"));
    script.plot(rows_of_bounds(f, place, false), kArrows + gnuplot_title("or beyond"));
    figure.script = script.text();
    return figure;
}

StudyFigure residual_figure(const StudyFindings& f) {
    StudyFigure figure{
        "residuals", "Residuals of the law",
        text_of("Measured less predicted by ", f.law().form->formula,
                ", in percent of the prediction; a line joins the runs of equal bytes, seeds averaged, and "
                "colours are amounts of different bytes."),
        ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "residual, %");
    script.set(
        "set logscale x\nset xzeroaxis lw 1 lc rgb \"#888888\"\nset offsets 0, 0, graph 0.06, graph 0.06");
    const auto [low, high] = size_range(f);
    script.set_sizes('x', low / 1.5, high * 1.5);
    const std::vector<double> amounts = f.amounts();
    // Sums of a line's place: runs of one amount, passes and size.
    std::map<std::pair<std::size_t, std::uint64_t>, std::map<double, std::pair<double, double>>> lines;
    for (const StudyResult& r : f.fitted) {
        std::size_t nearest = 0;
        const auto distance = [&](std::size_t i) {
            return std::abs(std::log(amounts[i] / static_cast<double>(r.unique_bytes)));
        };
        for (std::size_t i = 1; i < amounts.size(); ++i) {
            nearest = distance(i) < distance(nearest) ? i : nearest;
        }
        const LawPoint point = f.point(r);
        auto& [sum, count] = lines[{nearest, r.passes}][static_cast<double>(r.parameters)];
        sum += 100.0 * (point.bits / f.law().bits(point) - 1.0);
        count += 1.0;
    }
    std::size_t titled = amounts.size();
    for (const auto& [key, sums] : lines) {
        FigureRows rows;
        for (const auto& [parameters, sum] : sums) {
            rows.push_back({parameters, sum.first / sum.second});
        }
        const bool is_first = titled != key.first;
        titled = key.first;
        script.plot(
            rows,
            text_of("with linespoints pt 7 ps 0.7 lw 1.2 lc rgb \"", figure_colour(key.first, amounts.size()),
                    "\"", is_first ? gnuplot_title(amount_text(f, "U = ", amounts[key.first])) : " notitle"));
    }
    figure.script = script.text();
    return figure;
}

StudyFigure profile_figure(const StudyFindings& f) {
    StudyFigure figure{
        "isoflop", "Rates at equal operations",
        "Each line is a number of training operations; sizes between their runs. Crosses: least "
        "points of smooth lines in log N; arrows: the end of the sizes is best.",
        ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "bits per byte");
    script.set("set logscale x");
    const auto [low, high] = size_range(f);
    script.set_sizes('x', low / 1.5, high * 1.5);
    FigureRows minima;
    FigureRows bounds;
    for (std::size_t i = 0; i < f.profiles.size(); ++i) {
        const Profile& profile = f.profiles[i];
        FigureRows rows;
        for (std::size_t k = 0; k < profile.bits.size(); ++k) {
            rows.push_back({profile.parameters[k], profile.bits[k]});
        }
        std::array<char, 32> label{};
        std::snprintf(label.data(), label.size(), "%.1e", profile.flops);
        std::vector<double> places;
        for (const double size : profile.parameters) {
            places.push_back(std::log(size));
        }
        const SmoothLine line(places, profile.bits, Waves::left);
        const std::string colour = figure_colour(i, f.profiles.size());
        script.plot(curve(profile.parameters.front(), profile.parameters.back(),
                          [&](double n) { return line.at(std::log(n)); }),
                    text_of("with lines lw 1.6 lc rgb \"", colour, "\" notitle"));
        script.plot(rows,
                    text_of("with points pt 7 ps 0.6 lc rgb \"", colour, "\"", gnuplot_title(label.data())));
        if (profile.end == 0) {
            minima.push_back({profile.best_parameters, profile.best_bits});
        } else {
            const double reach = (std::pow(1.3, profile.end) - 1.0) * profile.best_parameters;
            bounds.push_back({profile.best_parameters, profile.best_bits, reach, 0.0});
        }
    }
    script.plot(minima, "with points pt 2 ps 1.2 lw 2 lc rgb \"#c03030\"" + gnuplot_title("lowest points"));
    script.plot(bounds, kArrows + gnuplot_title("or beyond"));
    figure.script = script.text();
    return figure;
}

}  // namespace

std::vector<StudyFigure> findings_figures(const StudyFindings& f) {
    std::vector<StudyFigure> figures;
    if (!f.best.empty()) {
        figures.push_back(rate_figure(f));
        figures.push_back(adjusted_figure(f));
        figures.push_back(flops_figure(f));
    }
    if (f.has_law()) {
        figures.push_back(optimum_figure(f));
        figures.push_back(residual_figure(f));
    }
    if (!f.profiles.empty()) {
        figures.push_back(profile_figure(f));
    }
    return figures;
}

}  // namespace bitlaw::studies
