#include "bitlaw/studies/study_tables.hpp"

#include <functional>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/format/numbers.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

using Row = std::vector<Cell>;

// Value, low and high as three cells; "-" where there are no bounds.
void add_interval(Row& row, const Interval& interval, const std::function<Cell(double)>& cell) {
    row.push_back(cell(interval.value));
    row.push_back(interval.has_bounds() ? cell(interval.low) : nothing_cell());
    row.push_back(interval.has_bounds() ? cell(interval.high) : nothing_cell());
}

Table law_table(const StudyFindings& f) {
    Table table{
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
        Row row{text_cell(name)};
        add_interval(row, interval_of(f.fit.law, f.bootstrap, [=](const Law& law) { return law.*field; }),
                     general_cell);
        row.push_back(huber_finds_it ? general_cell(f.huber.law.*field) : nothing_cell());
        row.push_back(general_cell(f.without_embeddings.law.*field));
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
    Row row{text_cell("b / (a + b): best N ~ (N D)^this")};
    add_interval(row, interval_of(f.fit.law, f.bootstrap, power), general_cell);
    row.push_back(general_cell(power(f.huber.law)));
    row.push_back(general_cell(power(f.without_embeddings.law)));
    table.rows.push_back(std::move(row));
    table.rows.push_back({text_cell("root mean square of relative errors"), share_cell(f.fit.error),
                          nothing_cell(), nothing_cell(), share_cell(f.huber.error),
                          share_cell(f.without_embeddings.error)});
    return table;
}

Table measured_table(const StudyFindings& f) {
    Table table{
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
        Row row{size_cell(o.unique)};
        add_interval(row, o.parameters, size_cell);
        add_interval(row, o.by_law, [&](double v) { return f.has_law() ? size_cell(v) : nothing_cell(); });
        add_interval(row, o.adjusted, [](double v) { return share_cell(v); });
        row.push_back({o.is_inside ? "" : "end", std::string(o.is_inside ? "yes" : "no")});
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table optimum_table(const std::string& name, const std::string& title, const std::string& note,
                    const std::vector<LawOptimum>& optima) {
    Table table{name,
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
        Row row{general_cell(o.bytes_per_parameter), size_cell(o.coded)};
        add_interval(row, o.parameters, size_cell);
        row.push_back(number_cell(o.bits, 3));
        add_interval(row, o.adjusted, [](double v) { return share_cell(v); });
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table sensitivity_table(const StudyFindings& f) {
    Table table{"sensitivity",
                "What the law owes to the choice of runs",
                text_of("The law fitted to some of the runs only, and its best N for ",
                        short_text(static_cast<double>(f.plan.config.predict_bytes)), " bytes, D = S, at ",
                        cost_text(f.shown_cost()), "."),
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
        table.rows.push_back({text_cell(name), count_cell(fit.points), number_cell(law.floor, 3),
                              general_cell(law.size_scale), number_cell(law.size_power, 3),
                              general_cell(law.data_scale), number_cell(law.data_power, 3),
                              number_cell(law.data_power / (law.size_power + law.data_power), 3),
                              size_cell(best), share_cell(fit.error)});
    };
    add("nothing", f.fit);
    for (const Sensitivity& s : f.sensitivity) {
        add(s.left_out, s.fit);
    }
    return table;
}

Table extrapolation_table(const StudyFindings& f) {
    Table table{"extrapolation",
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
        table.rows.push_back({text_cell(e.left_out), count_cell(e.fitted), count_cell(e.predicted),
                              share_cell(e.mean_error), share_cell(e.error), share_cell(e.greatest_error)});
    }
    return table;
}

Table profile_table(const StudyFindings& f) {
    Table table{"isoflop",
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
            {general_cell(p.flops), count_cell(p.parameters.size()),
             p.has_minimum ? size_cell(p.best_parameters) : nothing_cell(),
             p.has_minimum ? number_cell(p.best_bits, 3) : nothing_cell(),
             f.has_law() ? size_cell(compute_optimum(f.fit.law, p.flops, operations)) : nothing_cell()});
    }
    if (f.profile_power) {
        table.note += text_of(" Power law through the minima: best N ~ operations^",
                              general_text(-f.profile_power->power), ".");
    }
    return table;
}

Table power_table(const StudyFindings& f) {
    Table table{
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
        table.rows.push_back(
            {text_cell(row.over_size ? "N" : "D'"),
             {fixed_shown, row.fixed},
             count_cell(row.with_floor.points),
             number_cell(row.with_floor.floor, 3),
             row.with_floor.scale > 0 ? number_cell(row.with_floor.power, 3) : nothing_cell(),
             share_cell(row.with_floor.error),
             row.pure.scale > 0 ? number_cell(row.pure.power, 3) : nothing_cell(),
             share_cell(row.pure.error)});
    }
    return table;
}

Table residual_table(const StudyFindings& f) {
    Table table{"residuals",
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
        table.rows.push_back({text_cell(r.run), count_cell(r.parameters), count_cell(r.trained_bytes),
                              count_cell(r.unique_bytes), number_cell(point.bits, 4),
                              number_cell(predicted, 4), share_cell(point.bits / predicted - 1.0)});
    }
    return table;
}

Table classical_table(const StudyFindings& f) {
    Table table{"compressors",
                "Classical compressors on the held-out bytes",
                "They carry no model; the lines in the pictures are these rates.",
                {{"compressor", "compressor", true},
                 {"bytes", "bytes"},
                 {"bits_per_byte", "bits/byte"},
                 {"rate", "rate"}},
                {}};
    for (const ClassicalRate& c : f.classical) {
        table.rows.push_back({text_cell(c.name), count_cell(c.bytes), number_cell(c.bits_per_byte, 3),
                              share_cell(c.bits_per_byte / 8.0)});
    }
    return table;
}

}  // namespace

std::string cost_text(double bytes_per_parameter) {
    return text_of(bytes_per_parameter, bytes_per_parameter == 1.0 ? " byte" : " bytes", " a parameter");
}

std::vector<Table> findings_tables(const StudyFindings& f) {
    std::vector<Table> tables{measured_table(f)};
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
    std::erase_if(tables, [](const Table& table) { return table.rows.empty(); });
    return tables;
}

Table results_table(const StudyFindings& f) {
    Table table{"results",
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
        table.rows.push_back(
            {text_cell(r.run), text_cell(r.status), count_cell(r.parameters),
             count_cell(r.multiplied_parameters), count_cell(r.unique_bytes), count_cell(r.trained_bytes),
             count_cell(r.batch_bytes), general_cell(r.learning_rate), general_cell(r.matrix_learning_rate),
             general_cell(r.training_flops), r.is_done() ? number_cell(r.bits_per_byte, 4) : nothing_cell(),
             r.is_done() && r.has_report() ? number_cell(r.report_bits_per_byte, 4) : nothing_cell(),
             r.is_done() ? number_cell(r.chunk_bits_per_byte, 4) : nothing_cell(),
             r.copy_score ? number_cell(*r.copy_score, 3) : nothing_cell(),
             r.is_done() ? number_cell(r.training_bits_per_byte, 4) : nothing_cell(),
             number_cell(r.seconds, 1)});
    }
    return table;
}

std::vector<std::filesystem::path> write_tables(const std::vector<Table>& tables,
                                                const std::filesystem::path& folder) {
    make_folder(folder);
    // What an earlier fit found must not stand beside this one's tables.
    for (const char* name : {"measured_optimum", "law", "optimum", "prediction", "sensitivity",
                             "extrapolation", "isoflop", "powers", "compressors", "residuals"}) {
        std::error_code ignored;
        std::filesystem::remove(folder / (std::string(name) + ".csv"), ignored);
    }
    std::vector<std::filesystem::path> paths;
    for (const Table& table : tables) {
        paths.push_back(folder / (table.name + ".csv"));
        write_file(paths.back(), table.csv());
    }
    return paths;
}

}  // namespace bitlaw::studies
