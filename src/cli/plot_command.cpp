#include <fmt/core.h>

#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/baselines/gnuplot.hpp"
#include "bitlaw/format/numbers.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "run_curves.hpp"
#include "signals.hpp"
#include "terminal.hpp"
#include "terminal_plot.hpp"

namespace bitlaw::cli {

using namespace baselines;

namespace {

// Means that a line of 900 pixels shows, and one of some 70 characters, where more would be a thick band.
constexpr std::size_t kPieces = 400;
constexpr std::size_t kTerminalPieces = 70;

// In gnuplot's single quotes nothing is special but the quote.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : printable(text)) {
        result += c == '\'' ? "''" : std::string(1, c);
    }
    return result + "'";
}

std::string block_of(const std::string& name, const CurvePoints& points) {
    std::string text = name + " << EOD\n";
    for (const auto& [x, y] : points) {
        text += fmt::format("{:.10g} {:.6g}\n", x, y);
    }
    return text + "EOD\n";
}

// 1, 2 or 5 times a power of ten, so that there are at most six in `span`.
double even_step(double span) {
    if (!(span > 0)) {
        return 1;
    }
    const double power = std::pow(10.0, std::floor(std::log10(span / 6)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (step * power >= span / 6) {
            return step * power;
        }
    }
    return 10 * power;
}

// Sizes with the letters that bitlaw uses, since gnuplot's own k is small; operations as powers of ten.
std::string tick(const PlotArguments& a, double x) {
    if (a.axis == CurveAxis::bytes) {
        return text_of("'", format::short_text(x), "' ", exact_text(x));
    }
    if (a.axis == CurveAxis::minutes || x == 0) {
        return text_of("'", fmt::format("{:g}", x), "' ", exact_text(x));
    }
    const double power = std::floor(std::log10(x) + 1e-9);
    const double head = x / std::pow(10.0, power);
    return fmt::format("'{}10^{{{}}}' {}", head > 1.05 ? fmt::format("{:.2g}·", head) : "", power,
                       exact_text(x));
}

std::string tick_list(const PlotArguments& a, const CurveRange& range) {
    std::string list;
    const auto add = [&](double x) { list += (list.empty() ? "" : ", ") + tick(a, x); };
    if (!a.log_x) {
        const double step = even_step(range.high_x);
        for (double i = 0; i * step <= range.high_x * 1.000001; ++i) {
            add(i * step);
        }
        return list;
    }
    const bool is_narrow = range.high_x < 100 * range.low_x;
    for (double power = std::floor(std::log10(range.low_x)); power <= std::log10(range.high_x); ++power) {
        add(std::pow(10.0, power));
        for (const double step : {2.0, 5.0}) {
            if (is_narrow) {
                add(step * std::pow(10.0, power));
            }
        }
    }
    return list;
}

// A script that writes curves.svg: a thin line of training and a line with points of validation for each run.
std::string curve_script(const std::vector<RunCurve>& curves, const PlotArguments& a) {
    const CurveRange range = range_of(curves);
    const double room = std::max(0.03 * (range.high_y - range.low_y), 0.001);
    std::string text = fmt::format(
        "set terminal svg size 940, 540 font 'DejaVu Sans,Helvetica,Arial,sans-serif,13' background 'white'\n"
        "set encoding utf8\nset output 'curves.svg'\n"
        "set border 3 lw 1 lc rgb '#888888'\nset grid lw 0.6 lc rgb '#e6e6e6'\n"
        "set tics nomirror out scale 0.6 textcolor rgb '#444444'\n"
        "set key top right noenhanced textcolor rgb '#444444'\n"
        "set xlabel '{}'\nset ylabel 'bits per byte'\nset yrange [{:.6g}:{:.6g}]\n",
        axis_title(a.axis), range.low_y - room, range.high_y + room);
    text += a.log_x ? "set logscale x\nset xrange [*:*] noextend\n" : "set xrange [0:*] noextend\n";
    text += "set xtics (" + tick_list(a, range) + ")\n";
    std::string plot;
    for (std::size_t i = 0; i < curves.size(); ++i) {
        text += block_of(text_of("$training", i), curves[i].training);
        plot += fmt::format("{}$training{} using 1:2 with lines lw 1.2 lt {} title {}", i == 0 ? "" : ", ", i,
                            i + 1, quoted(curves[i].name + ", training"));
        if (!curves[i].validation.empty()) {
            text += block_of(text_of("$validation", i), curves[i].validation);
            plot += fmt::format(", $validation{} using 1:2 with linespoints pt 7 ps 0.5 lw 2 lt {} title {}",
                                i, i + 1, quoted(curves[i].name + ", validation"));
        }
    }
    return text + "plot " + plot + "\n";
}

}  // namespace

int run_plot(const PlotArguments& a) {
    if (!a.output.empty() && !a.output.ends_with(".svg")) {
        fail_usage("-o ", a.output, ": the picture is an SVG; give it a name that ends in .svg");
    }
    const auto curves_of = [&](std::size_t pieces) {
        std::vector<RunCurve> curves;
        for (const std::string& run : a.runs) {
            throw_if_stopped("nothing was drawn");
            curves.push_back(run_curve(run, a.axis, pieces));
        }
        return curves;
    };
    InputFiles inputs;
    for (const std::string& run : a.runs) {
        inputs.add(run);
    }
    const std::vector<RunCurve> curves = curves_of(kPieces);
    if (a.log_x && range_of(curves).low_x <= 0) {
        fail(
            "a logarithmic axis has no place for the runs' first steps, which took no time; leave --log out");
    }
    if (!a.output.empty()) {
        inputs.require_not(a.output);
        draw_picture({{"curves.gp", curve_script(curves, a)}}, "curves.svg", a.output,
                     [] { throw_if_stopped("nothing was drawn"); });
        if (a.common.quiet == 0) {
            note("plot: " + printable(a.output));
        }
    }
    if (a.output.empty() || a.terminal) {
        print(terminal_plot(curves_of(kTerminalPieces), a.axis, a.log_x, terminal_look()));
    }
    return kDone;
}

}  // namespace bitlaw::cli
