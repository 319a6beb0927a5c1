#include "bitlaw/studies/study_tables.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"

namespace bitlaw::studies {

using namespace laws;

namespace {

using Row = std::vector<StudyCell>;

StudyCell text(const std::string& value) { return {value, value}; }
StudyCell fixed(double value, int decimals) { return {fixed_text(value, decimals), exact_text(value)}; }
StudyCell percent(double share, int decimals = 2) {
    return {percent_text(share, decimals), exact_text(share)};
}
StudyCell size(double value) { return {short_text(value), exact_text(value)}; }
StudyCell count(std::uint64_t value) { return {with_commas(value), std::to_string(value)}; }
StudyCell nothing() { return {"-", ""}; }

std::string general_text(double value) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.4g", value);
    return buffer.data();
}
StudyCell general(double value) { return {general_text(value), exact_text(value)}; }

// Value, low and high as three cells; "-" where there are no bounds.
void add_interval(Row& row, const Interval& interval, const std::function<StudyCell(double)>& cell) {
    row.push_back(cell(interval.value));
    row.push_back(interval.has_bounds() ? cell(interval.low) : nothing());
    row.push_back(interval.has_bounds() ? cell(interval.high) : nothing());
}

StudyTable law_table(const StudyFindings& f) {
    StudyTable table{
        "law",
        "The law L(N, D) = E + A / N^a + B / D'^b",
        text_of("Fitted to ", f.fit.points, " runs, N with embeddings; 90 % intervals from ",
                f.bootstrap.size(),
                " resampled studies. The last columns are cross-checks: Huber loss on log residuals, and N "
                "without the embedding table."),
        {{"parameter", "", true},
         {"value", "value"},
         {"low_90", "5 %"},
         {"high_90", "95 %"},
         {"huber", "Huber loss"},
         {"without_embeddings", "N without embeddings"}},
        {}};
    for (const std::string& doubt : f.doubts) {
        table.note += " Doubt: " + doubt + ".";
    }
    const auto add = [&](const char* name, double Law::*field, bool huber_finds_it = true) {
        Row row{text(name)};
        add_interval(row, interval_of(f.fit.law, f.bootstrap, [=](const Law& law) { return law.*field; }),
                     general);
        row.push_back(huber_finds_it ? general(f.huber.law.*field) : nothing());
        row.push_back(general(f.without_embeddings.law.*field));
        table.rows.push_back(std::move(row));
    };
    add("E (bits per byte)", &Law::floor);
    add("A", &Law::size_scale);
    add("a", &Law::size_power);
    add("B", &Law::data_scale);
    add("b", &Law::data_power);
    if (f.fit.repeats()) {
        add("R* (repeats)", &Law::repeat_scale, false);  // the Huber fit is given it
    }
    const auto power = [](const Law& law) { return law.data_power / (law.size_power + law.data_power); };
    Row row{text("b / (a + b): best N ~ (N D)^this")};
    add_interval(row, interval_of(f.fit.law, f.bootstrap, power), general);
    row.push_back(general(power(f.huber.law)));
    row.push_back(general(power(f.without_embeddings.law)));
    table.rows.push_back(std::move(row));
    table.rows.push_back({text("root mean square of relative errors"), percent(f.fit.error), nothing(),
                          nothing(), percent(f.huber.error), percent(f.without_embeddings.error)});
    return table;
}

StudyTable measured_table(const StudyFindings& f) {
    StudyTable table{
        "measured_optimum",
        "The best size for each amount of data, read off the runs",
        "Adjusted rate at S = D: (archive + model as stored) / original bytes, the best number of passes of "
        "each "
        "size, seeds averaged. N is the lowest point of a parabola through the best size and up to two on "
        "each "
        "side; intervals by adding the law's residuals, scaled by their leverage, to the rates, divided by "
        "the "
        "square root of the number of seeds; none without a law. 'end' marks a best size that is the "
        "smallest or largest of the study, so that the true one may lie beyond.",
        {{"unique_bytes", "D = S bytes"},
         {"parameters", "best N"},
         {"parameters_low_90", "5 %"},
         {"parameters_high_90", "95 %"},
         {"law_parameters", "by the law"},
         {"law_parameters_low_90", "5 %"},
         {"law_parameters_high_90", "95 %"},
         {"adjusted_rate", "adjusted rate"},
         {"adjusted_rate_low_90", "5 %"},
         {"adjusted_rate_high_90", "95 %"},
         {"inside", "", true}},
        {}};
    for (const MeasuredOptimum& o : f.measured_optima) {
        Row row{size(o.unique)};
        add_interval(row, o.parameters, size);
        add_interval(row, o.by_law, [&](double v) { return f.has_law() ? size(v) : nothing(); });
        add_interval(row, o.adjusted, [](double v) { return percent(v); });
        row.push_back({o.is_inside ? "" : "end", o.is_inside ? "yes" : "no"});
        table.rows.push_back(std::move(row));
    }
    return table;
}

StudyTable optimum_table(const std::string& name, const std::string& title, const std::string& note,
                         const std::vector<LawOptimum>& optima) {
    StudyTable table{name,
                     title,
                     note,
                     {{"bytes_per_parameter", "bytes a parameter"},
                      {"coded_bytes", "S bytes coded"},
                      {"parameters", "best N"},
                      {"parameters_low_90", "5 %"},
                      {"parameters_high_90", "95 %"},
                      {"raw_bits_per_byte", "raw bits/byte, D = S"},
                      {"adjusted_rate", "adjusted rate, D = S"},
                      {"adjusted_rate_low_90", "5 %"},
                      {"adjusted_rate_high_90", "95 %"}},
                     {}};
    for (const LawOptimum& o : optima) {
        Row row{general(o.bytes_per_parameter), size(o.coded)};
        add_interval(row, o.parameters, size);
        row.push_back(fixed(o.bits, 3));
        add_interval(row, o.adjusted, [](double v) { return percent(v); });
        table.rows.push_back(std::move(row));
    }
    return table;
}

StudyTable sensitivity_table(const StudyFindings& f) {
    StudyTable table{"sensitivity",
                     "What the law owes to the choice of runs",
                     text_of("The law fitted to some of the runs only, and its best N for ",
                             short_text(static_cast<double>(f.plan.config.predict_bytes)),
                             " bytes, D = S, at ", cost_text(f.shown_cost()), "."),
                     {{"left_out", "left out", true},
                      {"runs", "runs"},
                      {"floor_bits_per_byte", "E"},
                      {"size_scale", "A"},
                      {"size_power", "a"},
                      {"data_scale", "B"},
                      {"data_power", "b"},
                      {"compute_power", "b / (a + b)"},
                      {"parameters", "best N"},
                      {"rms_error", "root mean square"}},
                     {}};
    const auto add = [&](const std::string& name, const LawFit& fit) {
        const Law& law = fit.law;
        const double best =
            adjusted_optimum(law, static_cast<double>(f.plan.config.predict_bytes), f.shown_cost());
        table.rows.push_back({text(name), count(fit.points), fixed(law.floor, 3), general(law.size_scale),
                              fixed(law.size_power, 3), general(law.data_scale), fixed(law.data_power, 3),
                              fixed(law.data_power / (law.size_power + law.data_power), 3), size(best),
                              percent(fit.error)});
    };
    add("nothing", f.fit);
    for (const Sensitivity& s : f.sensitivity) {
        add(s.left_out, s.fit);
    }
    return table;
}

StudyTable extrapolation_table(const StudyFindings& f) {
    StudyTable table{"extrapolation",
                     "How well the law predicts what it was not fitted to",
                     "Fitted without the runs named, which it then predicts; a positive mean error is a "
                     "prediction too high.",
                     {{"left_out", "left out", true},
                      {"fitted_runs", "fitted"},
                      {"predicted_runs", "predicted"},
                      {"mean_error", "mean error"},
                      {"rms_error", "root mean square"},
                      {"greatest_error", "greatest"}},
                     {}};
    for (const Extrapolation& e : f.extrapolation) {
        table.rows.push_back({text(e.left_out), count(e.fitted), count(e.predicted), percent(e.mean_error),
                              percent(e.error), percent(e.greatest_error)});
    }
    return table;
}

StudyTable profile_table(const StudyFindings& f) {
    StudyTable table{"isoflop",
                     "Profiles of equal operations",
                     "Rates of each size interpolated to equal training operations, and the lowest point of "
                     "a parabola in log "
                     "N. Beside it the law's own optimum at exact operations, attention included, all bytes "
                     "different; operations a byte between and beyond the study's sizes are on lines in log "
                     "N.",
                     {{"training_flops", "operations"},
                      {"sizes", "sizes"},
                      {"parameters", "best N"},
                      {"bits_per_byte", "bits/byte there"},
                      {"law_parameters", "best N by the law"}},
                     {}};
    const ByteOperations operations = study_operations(f.plan.config);
    for (const Profile& p : f.profiles) {
        table.rows.push_back(
            {general(p.flops), count(p.parameters.size()),
             p.has_minimum ? size(p.best_parameters) : nothing(),
             p.has_minimum ? fixed(p.best_bits, 3) : nothing(),
             f.has_law() ? size(compute_optimum(f.fit.law, p.flops, operations)) : nothing()});
    }
    if (f.profile_power) {
        table.note += text_of(" Power law through the minima: best N ~ operations^",
                              general_text(-f.profile_power->power), ".");
    }
    return table;
}

StudyTable power_table(const StudyFindings& f) {
    StudyTable table{
        "powers",
        "Power laws in one variable",
        "bits = floor + scale x^-power over the sizes at one amount of data (the best number of passes, "
        "seeds averaged), and over D' at one size (all its runs); the last columns are without a "
        "floor. Rates that do not fall have no power.",
        {{"over", "over", true},
         {"fixed", "at"},
         {"points", "points"},
         {"floor_bits_per_byte", "floor"},
         {"power", "power"},
         {"rms_error", "error"},
         {"pure_power", "power, no floor"},
         {"pure_rms_error", "error"}},
        {}};
    for (const PowerRow& row : f.powers) {
        const std::string fixed_shown =
            row.over_size ? text_of("D = ", short_text(row.fixed)) : text_of("N = ", short_text(row.fixed));
        table.rows.push_back({text(row.over_size ? "N" : "D'"),
                              {fixed_shown, exact_text(row.fixed)},
                              count(row.with_floor.points),
                              fixed(row.with_floor.floor, 3),
                              row.with_floor.scale > 0 ? fixed(row.with_floor.power, 3) : nothing(),
                              percent(row.with_floor.error),
                              row.pure.scale > 0 ? fixed(row.pure.power, 3) : nothing(),
                              percent(row.pure.error)});
    }
    return table;
}

StudyTable residual_table(const StudyFindings& f) {
    StudyTable table{"residuals",
                     "Residuals of the law",
                     "(measured - predicted) / predicted of every fitted run.",
                     {{"run", "run", true},
                      {"parameters", "N"},
                      {"trained_bytes", "D"},
                      {"unique_bytes", "U"},
                      {"bits_per_byte", "measured"},
                      {"predicted_bits_per_byte", "predicted"},
                      {"residual", "residual"}},
                     {}};
    for (const StudyResult& r : f.fitted) {
        const LawPoint point = f.point(r);
        const double predicted = f.fit.law.bits(point);
        table.rows.push_back({text(r.run), count(r.parameters), count(r.trained_bytes), count(r.unique_bytes),
                              fixed(point.bits, 4), fixed(predicted, 4),
                              percent(point.bits / predicted - 1.0)});
    }
    return table;
}

StudyTable classical_table(const StudyFindings& f) {
    StudyTable table{"compressors",
                     "Classical compressors on the held-out bytes",
                     "They carry no model; the lines in the pictures are these rates.",
                     {{"compressor", "compressor", true},
                      {"bytes", "bytes"},
                      {"bits_per_byte", "bits/byte"},
                      {"rate", "rate"}},
                     {}};
    for (const ClassicalRate& c : f.classical) {
        table.rows.push_back(
            {text(c.name), count(c.bytes), fixed(c.bits_per_byte, 3), percent(c.bits_per_byte / 8.0)});
    }
    return table;
}

}  // namespace

std::vector<StudyTable> findings_tables(const StudyFindings& f) {
    std::vector<StudyTable> tables{measured_table(f)};
    if (f.has_law()) {
        tables.push_back(law_table(f));
        tables.push_back(optimum_table("optimum", "The best size by the law",
                                       "N that minimises bits(N, D) / 8 + bytes_per_parameter N / S. The "
                                       "law's data term does not hold N, so the best N "
                                       "depends on the S bytes coded and not on the D bytes trained on; the "
                                       "rates are for D = S, all bytes different.",
                                       f.optima));
        tables.push_back(optimum_table(
            "prediction",
            text_of("Prediction for ", short_text(static_cast<double>(f.plan.config.predict_bytes)),
                    " bytes of the same kind of data"),
            "The law beyond the data that it was fitted to: the interval is that of the fit "
            "and says nothing about whether the law goes on.",
            f.predictions));
        tables.push_back(sensitivity_table(f));
        tables.push_back(extrapolation_table(f));
    }
    tables.push_back(profile_table(f));
    tables.push_back(power_table(f));
    tables.push_back(classical_table(f));
    if (f.has_law()) {
        tables.push_back(residual_table(f));
    }
    std::erase_if(tables, [](const StudyTable& table) { return table.rows.empty(); });
    return tables;
}

StudyTable results_table(const StudyFindings& f) {
    StudyTable table{
        "results",
        "All runs",
        "Held-out bits per byte of each half: of the archive without the model, one context "
        "running on; settings are chosen on the first half; in chunks: independent pieces of the "
        "training context's length, first half. Copy score: bits per byte of random words "
        "repeated at once, less those of new ones.",
        {{"run", "run", true},
         {"status", "status", true},
         {"parameters", "N"},
         {"without_embeddings", "without embeddings"},
         {"unique_bytes", "U"},
         {"trained_bytes", "D"},
         {"batch_bytes", "batch"},
         {"learning_rate", "rate"},
         {"matrix_learning_rate", "of matrices"},
         {"training_flops", "operations"},
         {"held_out_bits_per_byte", "bits/byte, first half"},
         {"report_bits_per_byte", "second half"},
         {"held_out_chunk_bits_per_byte", "in chunks"},
         {"copy_score_bits_per_byte", "copy score"},
         {"training_bits_per_byte", "training bits/byte"},
         {"seconds", "seconds"}},
        {}};
    for (const StudyResult& r : f.results) {
        table.rows.push_back({text(r.run), text(r.status), count(r.parameters),
                              count(r.multiplied_parameters), count(r.unique_bytes), count(r.trained_bytes),
                              count(r.batch_bytes), general(r.learning_rate), general(r.matrix_learning_rate),
                              general(r.training_flops), r.is_done() ? fixed(r.bits_per_byte, 4) : nothing(),
                              r.is_done() && r.has_report() ? fixed(r.report_bits_per_byte, 4) : nothing(),
                              r.is_done() ? fixed(r.chunk_bits_per_byte, 4) : nothing(),
                              r.copy_score ? fixed(*r.copy_score, 3) : nothing(),
                              r.is_done() ? fixed(r.training_bits_per_byte, 4) : nothing(),
                              fixed(r.seconds, 1)});
    }
    return table;
}

}  // namespace bitlaw::studies
