#include "bitlaw/studies/study_tables.hpp"

#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/form_tables.hpp"
#include "table_cells.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

Table measured_table(const StudyFindings& f) {
    Table table{
        "measured_optimum",
        "The best size for each amount of data, read off the runs",
        "Adjusted rate at S = D: (archive + model as stored) / original bytes, the best number of passes of "
        "each size, seeds averaged. N is where a smooth line through the bits over log N, with the model's "
        "bytes added as they are, is least; intervals from resampled studies whose rates scatter as seeds "
        "do. '>=' marks a best size that is the largest of the study, '<=' the smallest: a bound of the "
        "best.",
        {{"unique_bytes", "D = S bytes"},
         {"bound", "", true},
         {"parameters", "best N"},
         {"parameters_low_90", "5 %"},
         {"parameters_high_90", "95 %"},
         {"law_parameters", "by the law"},
         {"law_parameters_low_90", "5 %"},
         {"law_parameters_high_90", "95 %"},
         {"adjusted_rate", "adjusted rate"},
         {"adjusted_rate_low_90", "5 %"},
         {"adjusted_rate_high_90", "95 %"}},
        {}};
    for (const MeasuredOptimum& o : f.measured_optima) {
        Row row{size_cell(o.unique), text_cell(o.end > 0 ? ">=" : o.end < 0 ? "<=" : "")};
        add_interval(row, o.parameters, size_cell);
        add_interval(row, o.by_law, [&](double v) { return f.has_law() ? size_cell(v) : nothing_cell(); });
        add_interval(row, o.adjusted, [](double v) { return share_cell(v); });
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
                 {"coded_bytes", "S = D bytes"},
                 {"parameters", "best N"},
                 {"parameters_low_90", "5 %"},
                 {"parameters_high_90", "95 %"},
                 {"parameters_form_low", "forms from"},
                 {"parameters_form_high", "to"},
                 {"raw_bits_per_byte", "raw bits/byte"},
                 {"raw_form_low", "forms from"},
                 {"raw_form_high", "to"},
                 {"adjusted_rate", "adjusted rate"},
                 {"adjusted_rate_low_90", "5 %"},
                 {"adjusted_rate_high_90", "95 %"},
                 {"adjusted_rate_form_low", "forms from"},
                 {"adjusted_rate_form_high", "to"}},
                {}};
    const auto share = [](double v) { return share_cell(v); };
    const auto rate = [](double v) { return number_cell(v, 3); };
    for (const LawOptimum& o : optima) {
        Row row{general_cell(o.bytes_per_parameter), size_cell(o.coded)};
        add_interval(row, o.parameters, size_cell);
        add_range(row, o.parameters_by_form, size_cell);
        row.push_back(rate(o.bits));
        add_range(row, o.bits_by_form, rate);
        add_interval(row, o.adjusted, share);
        add_range(row, o.adjusted_by_form, share);
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table rates_table(const StudyFindings& f) {
    Table table{"predicted_rates",
                "Rates of single runs by each form",
                "Bits per byte that the law predicts, with the intervals of its fit.",
                {{"parameters", "N"},
                 {"unique_bytes", "U"},
                 {"trained_bytes", "D"},
                 {"form", "form", true},
                 {"bits_per_byte", "bits/byte"},
                 {"bits_per_byte_low_90", "5 %"},
                 {"bits_per_byte_high_90", "95 %"}},
                {}};
    for (const PredictedRate& p : f.predicted_rates) {
        for (std::size_t i = 0; i < p.bits.size(); ++i) {
            Row row{size_cell(p.run.parameters), size_cell(p.run.unique), size_cell(p.run.bytes),
                    text_cell(f.forms[i].fit.law.form->key)};
            add_interval(row, p.bits[i], [](double v) { return number_cell(v, 3); });
            table.rows.push_back(std::move(row));
        }
    }
    return table;
}

Table sensitivity_table(const StudyFindings& f) {
    const auto bytes = static_cast<double>(f.plan.config.predict_bytes);
    Table table{"sensitivity",
                "What the law owes to the choice of runs",
                text_of("The leading form fitted to some of the runs only, and what it then says of ",
                        short_text(bytes), " bytes, D = S, at ", cost_text(f.shown_cost()),
                        "; the last row has N without the embedding table."),
                {{"left_out", "left out", true},
                 {"runs", "runs"},
                 {"parameters", "best N"},
                 {"raw_bits_per_byte", "raw bits/byte"},
                 {"adjusted_rate", "adjusted rate"},
                 {"rms_error", "root mean square"}},
                {}};
    const auto add = [&](const std::string& name, const FormFit& fit) {
        const double best = adjusted_optimum(fit.law, bytes, bytes, f.shown_cost());
        const LawPoint run{best, bytes, bytes, 0};
        table.rows.push_back(
            {text_cell(name), count_cell(fit.points), size_cell(best), number_cell(fit.law.bits(run), 3),
             share_cell(adjusted_rate(fit.law, run, bytes, f.shown_cost())), share_cell(fit.error)});
    };
    add("nothing", f.forms.front().fit);
    for (const Sensitivity& s : f.sensitivity) {
        add(s.left_out, s.fit);
    }
    add("nothing, N without embeddings", f.without_embeddings);
    return table;
}

Table profile_table(const StudyFindings& f) {
    Table table{"isoflop",
                "Profiles of equal operations",
                "Rates of each size interpolated to equal training operations, and the least point of "
                "a smooth line through them; '>=' where the largest size is best, '<=' the smallest. "
                "Beside it the law's own optimum at exact operations, attention included, all bytes "
                "different; operations a byte between and beyond the study's sizes are on lines in log "
                "N.",
                {{"training_flops", "operations"},
                 {"sizes", "sizes"},
                 {"bound", "", true},
                 {"parameters", "best N"},
                 {"bits_per_byte", "bits/byte there"},
                 {"law_parameters", "best N by the law"}},
                {}};
    const ByteOperations operations = study_operations(f.plan.config);
    for (const Profile& p : f.profiles) {
        table.rows.push_back(
            {general_cell(p.flops), count_cell(p.parameters.size()),
             text_cell(p.end > 0   ? ">="
                       : p.end < 0 ? "<="
                                   : ""),
             size_cell(p.best_parameters), number_cell(p.best_bits, 3),
             f.has_law() ? size_cell(compute_optimum(f.law(), p.flops, operations)) : nothing_cell()});
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
        const double predicted = f.law().bits(point);
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

Table rivals_table(const StudyFindings& f) {
    Table table{
        "rivals",
        "Compressors on as many bytes as are coded",
        "They carry no model: their rate stands beside the adjusted rate of the best network that was "
        "trained on as many bytes, S = D.",
        {{"bytes", "S = D bytes"},
         {"compressor", "compressor", true},
         {"rate", "rate"},
         {"network_adjusted_rate", "best network"},
         {"network_parameters", "its N"}},
        {}};
    for (const MeasuredOptimum& o : f.measured_optima) {
        for (const RivalRate& rival : f.rivals) {
            if (rival.coded == o.unique) {
                table.add({size_cell(o.unique), text_cell(rival.name), share_cell(rival.rate),
                           share_cell(o.adjusted.value), size_cell(o.parameters.value)});
            }
        }
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
        for (Table& table : form_tables(f.forms)) {
            if (table.name == "law") {
                for (const std::string& doubt : f.doubts) {
                    table.note += " Doubt: " + doubt + ".";
                }
            }
            tables.push_back(std::move(table));
        }
        const std::string by_form = text_of("By ", f.law().form->formula,
                                            ", the form that predicts best, and the range of all forms. ");
        tables.push_back(optimum_table(
            "optimum", "The best size by the law",
            by_form + "N that minimises bits(N, D) / 8 + bytes_per_parameter N / S for D = S, all bytes "
                      "different.",
            f.optima));
        tables.push_back(optimum_table(
            "prediction",
            text_of("Prediction for ", short_text(static_cast<double>(f.plan.config.predict_bytes)),
                    " bytes of the same kind of data"),
            by_form +
                "Beyond the runs the forms differ by more than their intervals: those are of the fit and "
                "say nothing about whether a law goes on.",
            f.predictions));
        tables.push_back(rates_table(f));
        tables.push_back(sensitivity_table(f));
    }
    for (Table& table : precision_tables(f.precision)) {
        tables.push_back(std::move(table));
    }
    tables.push_back(profile_table(f));
    tables.push_back(power_table(f));
    tables.push_back(classical_table(f));
    tables.push_back(rivals_table(f));
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
    for (const char* name : {"measured_optimum", "forms", "law", "optimum", "prediction", "predicted_rates",
                             "sensitivity", "extrapolation", "bits", "precision_forms", "precision_optimum",
                             "isoflop", "powers", "compressors", "rivals", "residuals"}) {
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
