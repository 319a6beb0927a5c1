#include "bitlaw/studies/study_figures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/baselines/gnuplot.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "figure_series.hpp"
#include "plot_scripts.hpp"

namespace bitlaw::studies {

using namespace baselines;
using namespace format;
using namespace laws;

namespace {

StudyFigure rate_figure(const StudyFindings& f) {
    Series series;
    add_amounts(
        series, f, "U = ", [](const BestRate& r) { return r.bits; },
        [](const MeasuredCurve& line, double place) { return line.bits(place); },
        [&](const LawPoint& p) { return f.law().bits(p); });
    add_classical(series, f, 1.0);
    return {"rate",
            text_of("Each size's best number of passes over each amount of data, seeds averaged.",
                    f.has_law() ? " Dashed: the law at the most passes." : ""),
            {.title = "Held-out rate without the model"},
            series.table(),
            kRatePlot};
}

StudyFigure adjusted_figure(const StudyFindings& f) {
    Series series;
    const double cost = f.shown_cost();
    add_amounts(
        series, f, "U = S = ", [](const BestRate& r) { return 100.0 * r.adjusted(); },
        [](const MeasuredCurve& line, double place) { return 100.0 * line.adjusted(place); },
        [&](const LawPoint& p) { return 100.0 * adjusted_rate(f.law(), p, p.unique, cost); });
    if (f.has_law()) {
        const auto bytes = static_cast<double>(f.plan.config.predict_bytes);
        series.add("red", "law at " + short_text(bytes), curve_of_sizes(f, [&](double n) {
                       return 100.0 * adjusted_rate(f.law(), {n, bytes, bytes, 0}, bytes, cost);
                   }));
    }
    add_optima(
        series, f, "lowest point",
        [](const MeasuredOptimum& o) {
            return Point{o.parameters.value, 100.0 * o.adjusted.value};
        },
        true);
    add_classical(series, f, 100.0 / 8.0);
    return {
        "adjusted",
        text_of(
            "(archive + model as stored) / original bytes, when as many bytes are coded as were trained on. "
            "Circles: the lowest point for each amount, with its 90 % interval; arrows: the end of the sizes "
            "is best, so that it is a bound.",
            f.has_law() ? text_of(" Dashed: the law at the most passes, ", cost_text(cost), ".") : "",
            f.classical.empty()
                ? ""
                : " Grey: compressors on the held-out bytes; on more bytes large windows help some."),
        {.title = "Held-out rate with the model counted, S = D",
         .y_title = "adjusted rate, % of the original",
         .log_y = true,
         .most_y = 250,
         .bars_along_x = true},
        series.table(),
        kAdjustedPlot};
}

StudyFigure prequential_figure(const StudyFindings& f) {
    Series series;
    std::map<double, Points> learned;
    for (const PrequentialResult& r : f.prequential) {
        learned[static_cast<double>(r.bytes)].push_back(
            {static_cast<double>(r.parameters), 100.0 * r.rate()});
    }
    std::size_t index = 0;
    for (auto& [amount, points] : learned) {
        const auto less = [](const Point& a, const Point& b) { return a.x < b.x; };
        std::sort(points.begin(), points.end(), less);
        const double dark = shade(index++, learned.size());
        series.add("line", "S = " + short_text(amount) + " (learned as coded)", points, dark);
        Points two_parts;
        for (const BestRate& rate : f.best_of(amount)) {
            two_parts.push_back({rate.parameters, 100.0 * rate.adjusted()});
        }
        series.add("curve", "S = " + short_text(amount) + " (archive and model)", two_parts, dark);
    }
    add_classical(series, f, 100.0 / 8.0);
    return {"prequential",
            "Two ways to code S bytes with a network of N parameters. With points: it begins from a seed and "
            "learns the data's first S bytes while it codes them, so that no model is counted. Dashed: "
            "trained on S bytes in its best number of passes, it codes as many others, and its model is "
            "counted.",
            {.title = "Code lengths: learned as coded, and in two parts",
             .y_title = "archive and model, % of the original",
             .log_y = true},
            series.table(),
            kPrequentialPlot};
}

StudyFigure flops_figure(const StudyFindings& f) {
    Series series;
    std::map<double, Points> by_size;
    Points all;
    for (const StudyResult& r : f.fitted) {
        all.push_back({r.training_flops, f.point(r).bits});
        by_size[static_cast<double>(r.parameters)].push_back(all.back());
    }
    const auto less = [](const Point& a, const Point& b) {
        return std::pair(a.x, a.y) < std::pair(b.x, b.y);
    };
    for (auto& [size, points] : by_size) {
        std::sort(points.begin(), points.end(), less);
    }
    std::sort(all.begin(), all.end(), less);
    Points frontier;
    for (const Point& point : all) {
        if (frontier.empty() || point.y < frontier.back().y) {
            frontier.push_back(point);
        }
    }
    add_each(series, "line", by_size, [](double size) { return "N = " + short_text(size); });
    series.add("black", "frontier", frontier);
    const bool has_law = f.has_law() && !all.empty();
    if (has_law) {
        const ByteOperations operations = study_operations(f.plan.config);
        series.add("red", "law's frontier", curve(all.front().x, all.back().x * 10.0, [&](double flops) {
                       const double n = compute_optimum(f.law(), flops, operations);
                       const double bytes = flops / operations.at(n);
                       return f.law().bits(n, bytes, bytes);
                   }));
    }
    add_classical(series, f, 1.0);
    return {
        "flops",
        text_of(
            "Each line is one size, over its amounts of data and passes. Black: no run with fewer operations "
            "is better.",
            has_law ? " Dashed: the law's best size at exact operations, all bytes different." : ""),
        {.title = "Held-out rate against operations of training",
         .x_title = "floating-point operations of training",
         .x_is_size = false},
        series.table(),
        kFlopsPlot};
}

StudyFigure optimum_figure(const StudyFindings& f) {
    Series series;
    const std::vector<double> amounts = f.amounts();
    std::map<double, Points> by_cost;
    Points band;
    for (const LawOptimum& o : f.optima) {
        if (o.coded > 10.0 * amounts.back()) {
            continue;
        }
        by_cost[o.bytes_per_parameter].push_back({o.coded, o.parameters.value});
        if (o.bytes_per_parameter == f.shown_cost()) {
            band.push_back(
                {o.coded, o.parameters.value, o.parameters_by_form.low, o.parameters_by_form.high});
        }
    }
    Points largest;
    for (const double amount : amounts) {
        largest.push_back({amount, f.best_of(amount).back().parameters});
    }
    series.add("band", text_of("all forms at ", f.shown_cost()), band);
    add_each(series, "curve", by_cost, cost_text);
    series.add("step", "largest measured", largest);
    add_optima(
        series, f, "measured",
        [](const MeasuredOptimum& o) {
            return Point{o.unique, o.parameters.value};
        },
        false);
    return {
        "optimum",
        text_of(
            "Lines: where the adjusted rate of the law that predicts best is least at S = D, by the bytes "
            "that a parameter takes, up to ten times the data; grey: the range of all forms at ",
            cost_text(f.shown_cost()),
            ". Points: lowest points of the measured rates; arrows: bounds. Steps: the largest network that "
            "was measured on so many bytes."),
        {.title = "The best number of parameters when the model is counted",
         .x_title = "bytes coded S",
         .y_title = "best N",
         .log_y = true,
         .y_is_size = true},
        series.table(),
        kOptimumPlot};
}

StudyFigure residual_figure(const StudyFindings& f) {
    Series series;
    const std::vector<double> amounts = f.amounts();
    // Sums of a line's place: runs of one amount, passes and size.
    std::map<std::pair<double, std::uint64_t>, std::map<double, std::pair<double, double>>> lines;
    for (const StudyResult& r : f.fitted) {
        const LawPoint point = f.point(r);
        auto& [sum, count] =
            lines[{nominal_amount(f.plan.config, r.unique_bytes), r.passes}][point.parameters];
        sum += 100.0 * (point.bits / f.law().bits(point) - 1.0);
        count += 1.0;
    }
    double titled = 0;
    for (const auto& [key, sums] : lines) {
        const double amount = key.first;
        Points points;
        for (const auto& [parameters, sum] : sums) {
            points.push_back({parameters, sum.first / sum.second});
        }
        const auto index =
            static_cast<std::size_t>(std::find(amounts.begin(), amounts.end(), amount) - amounts.begin());
        series.add("line", amount == titled ? "" : amount_text(f, "U = ", amount), points,
                   shade(index, amounts.size()));
        titled = amount;
    }
    return {
        "residuals",
        text_of("Measured less predicted by ", f.law().form->formula,
                ", in percent of the prediction; a line joins the runs of equal bytes, seeds averaged, and "
                "colours are amounts of different bytes."),
        {.title = "Residuals of the law", .y_title = "residual, %"},
        series.table(),
        kResidualPlot};
}

StudyFigure profile_figure(const StudyFindings& f) {
    Series series;
    Points minima;
    Points bounds;
    for (std::size_t i = 0; i < f.profiles.size(); ++i) {
        const Profile& profile = f.profiles[i];
        Points points;
        std::vector<double> places;
        for (std::size_t k = 0; k < profile.bits.size(); ++k) {
            points.push_back({profile.parameters[k], profile.bits[k]});
            places.push_back(std::log(profile.parameters[k]));
        }
        const SmoothLine line(places, profile.bits, Waves::left);
        const double dark = shade(i, f.profiles.size());
        series.add("curve", "",
                   curve(profile.parameters.front(), profile.parameters.back(),
                         [&](double n) { return line.at(std::log(n)); }),
                   dark);
        series.add("point", fmt::format("{:.1e}", profile.flops), points, dark);
        if (profile.end == 0) {
            minima.push_back({profile.best_parameters, profile.best_bits});
        } else {
            const double reach = (std::pow(1.3, profile.end) - 1.0) * profile.best_parameters;
            bounds.push_back({profile.best_parameters, profile.best_bits, reach, 0.0});
        }
    }
    series.add("cross", "lowest points", minima);
    series.add("arrow", "or beyond", bounds);
    return {"isoflop",
            "Each line is a number of training operations; sizes between their runs. Crosses: least points "
            "of smooth "
            "lines in log N; arrows: the end of the sizes is best.",
            {.title = "Rates at equal operations"},
            series.table(),
            kProfilePlot};
}

// Two pictures' worth in one: what q bits a weight cost, by the runs and by the leading form.
StudyFigure precision_figure(const StudyFindings& f) {
    Series series;
    std::map<std::pair<double, double>, std::vector<PrecisionPoint>> runs;  // by N and D
    for (const PrecisionPoint& p : f.precision.points) {
        runs[{p.parameters, p.bytes}].push_back(p);
    }
    std::size_t index = 0;
    for (const auto& [run, list] : runs) {
        const double dark = shade(index++, runs.size());
        Points points;
        for (const PrecisionPoint& p : list) {
            points.push_back({p.bits_per_weight, 100.0 * (p.bits / p.exact_bits - 1.0)});
        }
        series.add("point", "N = " + short_text(run.first) + " D = " + short_text(run.second), points, dark);
        if (!f.precision.fits.empty()) {
            const PrecisionLaw& law = f.precision.fits.front().law;
            series.add("law", "",
                       curve(list.back().bits_per_weight, list.front().bits_per_weight,
                             [&](double q) {
                                 PrecisionPoint at = list.front();
                                 at.bits_per_weight = q;
                                 return 100.0 * law.added(f.law(), at) / at.exact_bits;
                             }),
                       dark);
        }
    }
    return {"precision",
            "More bits per byte by quantising the runs' weights after training to q bits each. Dashed: the "
            "form that "
            "predicts best.",
            {.title = "What few bits a weight cost",
             .x_title = "bits a weight",
             .y_title = "more bits per byte, %",
             .log_y = true},
            series.table(),
            kPrecisionPlot};
}

}  // namespace

std::vector<StudyFigure> findings_figures(const StudyFindings& f) {
    std::vector<StudyFigure> figures;
    if (!f.best.empty()) {
        figures.push_back(rate_figure(f));
        figures.push_back(adjusted_figure(f));
        figures.push_back(flops_figure(f));
    }
    if (!f.prequential.empty()) {
        figures.push_back(prequential_figure(f));
    }
    if (f.has_law()) {
        figures.push_back(optimum_figure(f));
        figures.push_back(residual_figure(f));
    }
    if (!f.profiles.empty()) {
        figures.push_back(profile_figure(f));
    }
    if (!f.precision.points.empty()) {
        figures.push_back(precision_figure(f));
    }
    return figures;
}

std::vector<std::filesystem::path> draw_figures(const std::vector<StudyFigure>& figures,
                                                const std::filesystem::path& folder) {
    make_folder(folder);
    std::error_code error;
    // What an earlier report drew must not stand beside this one's pictures.
    for (const char* name :
         {"rate", "adjusted", "prequential", "flops", "optimum", "residuals", "isoflop", "precision"}) {
        for (const char* suffix : {".csv", ".gp", ".svg"}) {
            std::filesystem::remove(folder / (std::string(name) + suffix), error);
        }
    }
    std::vector<std::filesystem::path> paths;
    for (const StudyFigure& figure : figures) {
        const TextFiles files{
            {figure.name + ".csv", figure.points.csv()},
            {figure.name + ".gp", text_of("name = \"", figure.name, "\"\n", kPlotCommon, "set title \"",
                                          figure.axes.title, "\"\nset xlabel \"", figure.axes.x_title,
                                          "\"\nset ylabel \"", figure.axes.y_title, "\"", figure.script)}};
        for (const auto& [name, text] : files) {
            write_file(folder / name, text);
        }
        const std::string picture = figure.name + ".svg";
        paths.push_back(folder / picture);
        draw_picture(files, picture, paths.back(), [] {});
    }
    return paths;
}

}  // namespace bitlaw::studies
