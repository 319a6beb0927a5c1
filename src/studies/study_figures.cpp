#include "bitlaw/studies/study_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/baselines/program.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "gnuplot_script.hpp"

namespace bitlaw::studies {

using namespace baselines;
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

// Most passes over an amount that the law saw.
double most_passes(const StudyFindings& f, double amount) {
    std::uint64_t most = 1;
    for (const DataAmount& a : f.plan.config.train_on) {
        if (static_cast<double>(a.unique) == amount) {
            most = a.passes.back();
        }
    }
    return static_cast<double>(most);
}

void plot_classical(GnuplotScript& script, const StudyFindings& f, double factor) {
    constexpr std::array kGreys{"#666666", "#999999", "#777777", "#aaaaaa"};
    for (std::size_t i = 0; i < f.classical.size(); ++i) {
        script.plot(text_of(factor * f.classical[i].bits_per_byte, " with lines lw 1.4 dt ", i + 2,
                            " lc rgb \"", kGreys[i % kGreys.size()], "\"",
                            gnuplot_title(f.classical[i].name)));
    }
}

// Points of one amount, as rows of x and y.
FigureRows rows_of(const StudyFindings& f, double amount, const std::function<double(const BestRate&)>& y) {
    FigureRows rows;
    for (const BestRate& rate : f.best) {
        if (rate.unique == amount) {
            rows.push_back({rate.parameters, y(rate)});
        }
    }
    return rows;
}

// A line of measured rates for each amount and, dashed, the law at its most passes.
void plot_amounts(GnuplotScript& script, const StudyFindings& f, const std::string& label,
                  const std::function<double(const BestRate&)>& measured,
                  const std::function<double(const LawPoint&)>& predicted) {
    const auto [low, high] = size_range(f);
    const std::vector<double> amounts = f.amounts();
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        const std::string colour = figure_colour(i, amounts.size());
        const double u = amounts[i];
        const double bytes = u * most_passes(f, u);
        if (f.has_law()) {
            script.plot(curve(low / kBeyond, high * kBeyond,
                              [&](double n) {
                                  return predicted({n, bytes, u, 0});
                              }),
                        text_of("with lines lw 1.4 dt (6, 4) lc rgb \"", colour, "\" notitle"));
        }
        script.plot(rows_of(f, u, measured), text_of("with linespoints pt 7 ps 0.6 lw 2 lc rgb \"", colour,
                                                     "\"", gnuplot_title(label + short_text(u))));
    }
}

// Place and value of the optima inside, and the interval of their sizes: of no width where there is none.
FigureRows rows_of_optima(const StudyFindings& f,
                          const std::function<std::pair<double, double>(const MeasuredOptimum&)>& point) {
    FigureRows rows;
    for (const MeasuredOptimum& o : f.measured_optima) {
        if (o.is_inside) {
            const auto [x, y] = point(o);
            const Interval& n = o.parameters;
            rows.push_back({x, y, n.has_bounds() ? n.low : n.value, n.has_bounds() ? n.high : n.value});
        }
    }
    return rows;
}

StudyFigure rate_figure(const StudyFindings& f) {
    StudyFigure figure{"rate", "Held-out rate without the model",
                       "Each size's best number of passes over each amount of data, seeds averaged.", ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "bits per byte");
    const auto [low, high] = size_range(f);
    script.set("set logscale x");
    script.set_sizes('x', low / kBeyond, high * kBeyond);
    plot_amounts(
        script, f, "D = ", [](const BestRate& r) { return r.bits; },
        [&](const LawPoint& p) { return f.fit.law.bits(p); });
    plot_classical(script, f, 1.0);
    figure.caption += f.has_law() ? " Dashed: the law at the most passes." : "";
    figure.script = script.text();
    return figure;
}

StudyFigure adjusted_figure(const StudyFindings& f) {
    StudyFigure figure{
        "adjusted", "Held-out rate with the model counted, S = D",
        "(archive + model as stored) / original bytes, when as many bytes are coded as were trained on. "
        "Circles: the lowest point for each amount, with its 90 % interval.",
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
        script, f, "D = S = ", [](const BestRate& r) { return 100.0 * r.adjusted(); },
        [&](const LawPoint& p) { return 100.0 * adjusted_rate(f.fit.law, p, p.unique, cost); });
    if (f.has_law()) {
        const auto bytes = static_cast<double>(f.plan.config.predict_bytes);
        script.plot(curve(low / kBeyond, high * kBeyond,
                          [&](double n) {
                              return 100.0 * adjusted_rate(f.fit.law, {n, bytes, bytes, 0}, bytes, cost);
                          }),
                    text_of("with lines lw 1.6 dt (2, 3) lc rgb \"#c03030\"",
                            gnuplot_title("law at " + short_text(bytes))));
    }
    const FigureRows optima = rows_of_optima(
        f, [](const MeasuredOptimum& o) { return std::pair(o.parameters.value, 100.0 * o.adjusted.value); });
    script.plot(optima, "using 1:2:3:4 with xerrorbars pt 6 ps 1.5 lw 2 lc rgb \"#000000\"" +
                            gnuplot_title("lowest point"));
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
        const Law& law = f.fit.law;
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
        text_of("Lines: where the law's adjusted rate is least, by the bytes coded and the bytes that a "
                "parameter takes; grey: the 90 % interval at ",
                cost_text(f.shown_cost()), ". Points: lowest points of the measured rates at S = D."),
        ""};
    GnuplotScript script(figure.name, figure.title, "bytes coded S", "best N");
    script.set("set logscale xy");
    double least = f.optima.front().parameters.value;
    double most = least;
    for (const LawOptimum& o : f.optima) {
        least = std::min(least, o.parameters.value);
        most = std::max(most, o.parameters.value);
    }
    // Wider than the values: a tic that lies on the border is not drawn.
    script.set_sizes('x', f.optima.front().coded / 1.5, f.optima.back().coded * 1.5);
    script.set_sizes('y', least / 1.5, most * 1.5);
    std::map<double, FigureRows> by_cost;
    FigureRows band;
    for (const LawOptimum& o : f.optima) {
        by_cost[o.bytes_per_parameter].push_back({o.coded, o.parameters.value});
        if (o.bytes_per_parameter == f.shown_cost() && o.parameters.has_bounds()) {
            // A best N of 0 has no place on a logarithmic axis.
            band.push_back({o.coded, std::max(o.parameters.low, least / 1.5), o.parameters.high});
        }
    }
    script.plot(band, "using 1:2:3 with filledcurves lc rgb \"#dddddd\" fs solid noborder" +
                          gnuplot_title(text_of("90 % at ", f.shown_cost())));
    std::size_t index = 0;
    for (const auto& [cost, rows] : by_cost) {
        script.plot(rows, text_of("with lines lw 2 lc rgb \"", figure_colour(index++, by_cost.size()), "\"",
                                  gnuplot_title(cost_text(cost))));
    }
    const FigureRows points =
        rows_of_optima(f, [](const MeasuredOptimum& o) { return std::pair(o.unique, o.parameters.value); });
    script.plot(points, "using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.6 lc rgb \"#000000\"" +
                            gnuplot_title("measured"));
    figure.script = script.text();
    return figure;
}

StudyFigure residual_figure(const StudyFindings& f) {
    StudyFigure figure{
        "residuals", "Residuals of the law",
        "Measured less predicted, in percent of the prediction; colours are amounts of different bytes.", ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "residual, %");
    script.set(
        "set logscale x\nset xzeroaxis lw 1 lc rgb \"#888888\"\nset offsets 0, 0, graph 0.06, graph 0.06");
    const auto [low, high] = size_range(f);
    script.set_sizes('x', low / 1.5, high * 1.5);
    std::map<double, FigureRows> by_amount;
    for (const StudyResult& r : f.fitted) {
        double amount = 0;
        for (const double a : f.amounts()) {
            const auto distance = [&](double v) {
                return std::abs(std::log(v / static_cast<double>(r.unique_bytes)));
            };
            amount = amount == 0 || distance(a) < distance(amount) ? a : amount;
        }
        const LawPoint point = f.point(r);
        const double predicted = f.fit.law.bits(point);
        by_amount[amount].push_back(
            {static_cast<double>(r.parameters), 100.0 * (point.bits / predicted - 1.0)});
    }
    std::size_t index = 0;
    for (const auto& [amount, rows] : by_amount) {
        script.plot(
            rows, text_of("with points pt 7 ps 0.8 lc rgb \"", figure_colour(index++, by_amount.size()), "\"",
                          gnuplot_title("U = " + short_text(amount))));
    }
    figure.script = script.text();
    return figure;
}

StudyFigure profile_figure(const StudyFindings& f) {
    StudyFigure figure{
        "isoflop", "Rates at equal operations",
        "Each line is a number of training operations; sizes between their two nearest runs. Crosses: lowest "
        "points of parabolas in log N.",
        ""};
    GnuplotScript script(figure.name, figure.title, "parameters N", "bits per byte");
    script.set("set logscale x");
    const auto [low, high] = size_range(f);
    script.set_sizes('x', low / 1.5, high * 1.5);
    FigureRows minima;
    for (std::size_t i = 0; i < f.profiles.size(); ++i) {
        const Profile& profile = f.profiles[i];
        FigureRows rows;
        for (std::size_t k = 0; k < profile.bits.size(); ++k) {
            rows.push_back({profile.parameters[k], profile.bits[k]});
        }
        std::array<char, 32> label{};
        std::snprintf(label.data(), label.size(), "%.1e", profile.flops);
        script.plot(rows, text_of("with linespoints pt 7 ps 0.6 lw 1.6 lc rgb \"",
                                  figure_colour(i, f.profiles.size()), "\"", gnuplot_title(label.data())));
        if (profile.has_minimum) {
            minima.push_back({profile.best_parameters, profile.best_bits});
        }
    }
    script.plot(minima, "with points pt 2 ps 1.2 lw 2 lc rgb \"#c03030\"" + gnuplot_title("lowest points"));
    figure.script = script.text();
    return figure;
}

constexpr std::uint64_t kMostPictureBytes = 1 << 26;

// The first line with words of a program's output, in printable characters.
std::string first_words(const std::filesystem::path& log) {
    const Bytes bytes = read_file(log, kMostPictureBytes);
    std::string line;
    for (const std::uint8_t byte : bytes) {
        const bool is_printable = byte >= 0x20 && byte != 0x7f;
        if (is_printable && (byte != ' ' || !line.empty())) {
            line += static_cast<char>(byte);
        } else if (byte == '\n' && !line.empty()) {
            break;
        }
    }
    return line.empty() ? "it said nothing" : line;
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

std::vector<std::filesystem::path> draw_figures(const std::vector<StudyFigure>& figures,
                                                const std::filesystem::path& folder) {
    make_folder(folder);
    std::error_code error;
    // What an earlier report drew must not stand beside this one's pictures.
    for (const char* name : {"rate", "adjusted", "flops", "optimum", "residuals", "isoflop"}) {
        for (const char* suffix : {".gp", ".svg"}) {
            std::filesystem::remove(folder / (std::string(name) + suffix), error);
        }
    }
    std::vector<std::filesystem::path> paths;
    // The scripts write into the current folder, which is the shell's own.
    const ScratchFolder scratch;
    for (const StudyFigure& figure : figures) {
        const std::string script = figure.name + ".gp";
        write_file(folder / script, figure.script);
        write_file(scratch.path() / script, figure.script);
        const ProgramRun run = run_program(
            "cd " + shell_word(scratch.path().string()) + " && gnuplot " + script + " >log 2>&1", [] {});
        const std::filesystem::path picture = scratch.path() / (figure.name + ".svg");
        paths.push_back(folder / (figure.name + ".svg"));
        if (run.exit_code != 0 || !std::filesystem::exists(picture)) {
            fail("gnuplot could not draw ", paths.back().string(), " (exit code ", run.exit_code,
                 "): ", first_words(scratch.path() / "log"),
                 "; without gnuplot: apt-get install gnuplot-nox");
        }
        write_file(paths.back(), read_file(picture, kMostPictureBytes));
    }
    return paths;
}

}  // namespace bitlaw::studies
