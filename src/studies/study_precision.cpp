#include "bitlaw/studies/study_precision.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/measure.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/symbols/alphabet.hpp"
#include "result_rows.hpp"
#include "table_cells.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace coding;
using namespace laws;
using namespace format;

namespace {

constexpr const char* kHeader =
    "run,recipe_hash,bits_asked,parameters,model_bytes,held_out_bits_per_byte,report_bits_per_byte";
constexpr std::uint64_t kMostResultBytes = 1 << 22;
constexpr std::size_t kCalibrationBytes = 131'072;
/// A model as the study stores it has so many bits.
constexpr double kStoredBits = 16.0;
/// The law's bits per weight begin here where no run has fewer.
constexpr double kLeastBits = 1.0;

std::string row_text(const PrecisionResult& r) {
    return text_of(r.run, ',', r.recipe, ',', exact_text(r.bits), ',', r.parameters, ',', r.model_bytes, ',',
                   fixed_text(r.bits_per_byte, 6), ',', fixed_text(r.report_bits_per_byte, 6), '\n');
}

PrecisionResult parsed_row(const std::string& line) {
    const Words fields = row_cells(line, 7);
    const WholeRange some{1, std::uint64_t{1} << 50};
    const RealRange rate{0, 64};
    return {.run = fields[0],
            .recipe = fields[1],
            .bits = real_value(fields[2], {kLeastBits, 32}),
            .parameters = whole_value(fields[3], some),
            .model_bytes = whole_value(fields[4], some),
            .bits_per_byte = real_value(fields[5], rate),
            .report_bits_per_byte = real_value(fields[6], rate)};
}

void write_rows(const std::filesystem::path& path, const std::vector<PrecisionResult>& results) {
    std::string text = text_of(kHeader, '\n');
    for (const PrecisionResult& result : results) {
        text += row_text(result);
    }
    write_file(path, text);
}

// Calibration and check, whole contexts of the data's beginning.
std::vector<symbols::Symbol> first_symbols(const ModelConfig& config, ByteSpan data) {
    const std::size_t half = std::min(kCalibrationBytes, data.size() / 2) / config.context * config.context;
    std::vector<symbols::Symbol> symbols(2 * half);
    symbols::Alphabet(config.alphabet).encode(data.first(symbols.size()), symbols);
    return symbols;
}

StoredModel model_of(const StoredModel& model, double bits, ByteSpan data) {
    if (bits >= kStoredBits) {
        return model;
    }
    const std::vector<symbols::Symbol> symbols = first_symbols(model.model.config, data);
    const std::span<const symbols::Symbol> all(symbols);
    learn::QuantisedModel result = learn::quantised_to(
        model.model, {.bits = bits}, {}, all.first(all.size() / 2), all.subspan(all.size() / 2));
    return converted({std::move(result.weights.model), model.format, model.id, model.record, 0},
                     WeightFormatId::trellis);
}

double bits_of(const StoredModel& model, ByteSpan bytes) {
    return 8.0 * estimate(model, CompressOptions{}, bytes).archive_bytes / static_cast<double>(bytes.size());
}

PrecisionBest best_of(double coded, double low, const std::vector<FormResult>& forms,
                      const std::vector<PrecisionPoint>& points, const PrecisionFindings& f) {
    PrecisionBest best{.coded = coded};
    best.best = precision_optimum(forms.front().fit.law, f.fits.front().law, coded, low, kStoredBits);
    best.parameters = best.bits_per_weight = best.adjusted = {INFINITY, -INFINITY};
    for (const FormResult& form : forms) {
        for (const PrecisionFit& fit : f.fits) {
            const PrecisionLaw law =
                &form == &forms.front() ? fit.law : fit_precision(*fit.law.form, form.fit.law, points).law;
            const PrecisionOptimum at = precision_optimum(form.fit.law, law, coded, low, kStoredBits);
            const auto widen = [](FormRange& range, double value) {
                range = {std::min(range.low, value), std::max(range.high, value)};
            };
            widen(best.parameters, at.parameters);
            widen(best.bits_per_weight, at.bits_per_weight);
            widen(best.adjusted, at.adjusted);
        }
    }
    const double size = adjusted_optimum(forms.front().fit.law, coded, coded, kStoredBits / 8.0);
    best.adjusted_at_16 =
        adjusted_rate(forms.front().fit.law, {size, coded, coded, 0}, coded, kStoredBits / 8.0);
    return best;
}

}  // namespace

std::filesystem::path precision_results(const StudyPlan& plan) { return plan.config.folder / "bits.csv"; }

std::vector<PrecisionResult> read_precision(const std::filesystem::path& path) {
    std::vector<PrecisionResult> results;
    std::set<std::pair<std::string, double>> names;
    read_result_rows(
        path, kMostResultBytes, "rows of bits", [](const std::string& line) { return line == kHeader; },
        [&](const std::string& line) {
            results.push_back(parsed_row(line));
            if (!names.insert({results.back().run, results.back().bits}).second) {
                fail("it is a second row of ", results.back().run);
            }
        });
    return results;
}

std::size_t run_precision(const StudyPlan& plan, ByteSpan data, ByteSpan held_out,
                          const std::string& only_trunk, const PrecisionWatch& watch) {
    if (plan.config.bits.empty()) {
        return 0;
    }
    const HeldOutParts parts = held_out_parts(held_out, plan.config.held_out_bytes);
    std::set<std::string> ended;
    for (const StudyResult& result : read_all_results(plan)) {
        if (result.is_done()) {
            ended.insert(result.run);
        }
    }
    std::size_t made = 0;
    for (const StudyTrunk& trunk : plan.trunks) {
        if (!only_trunk.empty() && trunk.id != only_trunk) {
            continue;
        }
        for (const StudyRun& run : trunk.runs) {
            const std::filesystem::path file =
                plan.work() / (run.id + "." + run.recipe.substr(0, 8)) / kModelFile;
            if (!ended.contains(run.id) || !std::filesystem::exists(file)) {
                continue;
            }
            const auto has = [&](double bits) {
                const std::vector<PrecisionResult> rows = read_precision(precision_results(plan));
                return std::any_of(rows.begin(), rows.end(), [&](const PrecisionResult& row) {
                    if (row.run == run.id && row.recipe != run.recipe) {
                        fail_usage(precision_results(plan).string(), " holds the run ", run.id,
                                   " made with other settings; remove its rows, or name another folder");
                    }
                    return row.run == run.id && row.bits == bits;
                });
            };
            const StoredModel model = load_model(file);
            for (const double bits : plan.config.bits) {
                if (has(bits)) {
                    continue;
                }
                watch(run.id, bits);
                const StoredModel small =
                    model_of(model, bits, data.first(std::min<std::size_t>(data.size(), trunk.data_bytes)));
                const PrecisionResult result{.run = run.id,
                                             .recipe = run.recipe,
                                             .bits = bits,
                                             .parameters = small.model.layout.size,
                                             .model_bytes = small.stored_bytes,
                                             .bits_per_byte = bits_of(small, parts.choose),
                                             .report_bits_per_byte = bits_of(small, parts.report)};
                const FileLock lock(plan.work() / "bits.lock", FileLock::Wait::yes);
                std::vector<PrecisionResult> rows = read_precision(precision_results(plan));
                rows.push_back(result);
                write_rows(precision_results(plan), rows);
                ++made;
            }
        }
    }
    return made;
}

PrecisionFindings precision_findings(const StudyPlan& plan, const std::vector<StudyResult>& fitted,
                                     const std::vector<FormResult>& forms, bool second_half) {
    PrecisionFindings f;
    double low = kStoredBits;
    for (const PrecisionResult& row : read_precision(precision_results(plan))) {
        const auto run = std::find_if(fitted.begin(), fitted.end(),
                                      [&](const StudyResult& result) { return result.run == row.run; });
        if (run == fitted.end() || run->recipe != row.recipe) {
            continue;
        }
        f.results.push_back(row);
        if (row.bits < kStoredBits) {
            low = std::min(low, row.bits_per_weight());
            f.points.push_back({.parameters = static_cast<double>(run->parameters),
                                .bytes = static_cast<double>(run->trained_bytes),
                                .unique = static_cast<double>(run->unique_bytes),
                                .bits_per_weight = row.bits_per_weight(),
                                .exact_bits = second_half ? run->report_bits_per_byte : run->bits_per_byte,
                                .bits = second_half ? row.report_bits_per_byte : row.bits_per_byte});
        }
    }
    if (forms.empty() || f.points.empty()) {
        f.no_law = "there is no law of the networks, or no row of fewer than 16 bits";
        return f;
    }
    try {
        for (const PrecisionForm& form : precision_forms()) {
            f.fits.push_back(fit_precision(form, forms.front().fit.law, f.points));
        }
        std::stable_sort(f.fits.begin(), f.fits.end(), [](const PrecisionFit& a, const PrecisionFit& b) {
            return a.hold_out < b.hold_out;
        });
        for (const std::uint64_t coded : plan.config.coded_bytes) {
            f.best.push_back(best_of(static_cast<double>(coded), low, forms, f.points, f));
        }
    } catch (const Error& error) {
        f.no_law = error.what();
        f.fits.clear();
        f.best.clear();
    }
    return f;
}

std::vector<Table> precision_tables(const PrecisionFindings& f) {
    Table rows{"bits",
               "Networks at few bits a weight",
               "Quantised after training (export --bits); held-out bits per byte of each half.",
               {{"run", "run", true},
                {"bits_asked", "bits asked"},
                {"bits_per_weight", "bits a weight"},
                {"model_bytes", "model bytes"},
                {"held_out_bits_per_byte", "bits/byte, first half"},
                {"report_bits_per_byte", "second half"}},
               {}};
    for (const PrecisionResult& r : f.results) {
        rows.add({text_cell(r.run), general_cell(r.bits), number_cell(r.bits_per_weight(), 3),
                  count_cell(r.model_bytes), number_cell(r.bits_per_byte, 4),
                  number_cell(r.report_bits_per_byte, 4)});
    }
    Table forms{
        "precision_forms",
        "What few bits add to the law",
        text_of("Bits per byte added by q bits a weight, fitted to ", f.points.size(),
                " points with the leading law; N and D about their means in them. Held out: the points of "
                "the largest network."),
        {{"form", "form", true},
         {"formula", "added bits/byte", true},
         {"values", "values", true},
         {"error", "root mean square"},
         {"hold_out", "held out"}},
        {}};
    for (const PrecisionFit& fit : f.fits) {
        std::string values;
        const std::vector<double> list = fit.law.values();
        for (std::size_t i = 0; i < list.size(); ++i) {
            values += text_of(i == 0 ? "" : " ", fit.law.form->names[i], ' ', general_cell(list[i]).shown);
        }
        forms.add({text_cell(fit.law.form->key), text_cell(fit.law.form->formula), text_cell(values),
                   share_cell(fit.error), fit.hold_out > 0 ? share_cell(fit.hold_out) : nothing_cell()});
    }
    Table best{
        "precision_optimum",
        "The best size and precision by the law",
        "N and q that minimise (bits(N, D) + added(N, D, q)) / 8 + q N / (8 S) for D = S, q not below the "
        "runs' least; ranges over all forms of both.",
        {{"coded_bytes", "S = D bytes"},
         {"bits_per_weight", "best q"},
         {"bits_low", "forms from"},
         {"bits_high", "to"},
         {"parameters", "best N"},
         {"parameters_low", "forms from"},
         {"parameters_high", "to"},
         {"raw_bits_per_byte", "raw bits/byte"},
         {"adjusted_rate", "adjusted rate"},
         {"adjusted_low", "forms from"},
         {"adjusted_high", "to"},
         {"adjusted_at_16_bits", "at 16 bits"}},
        {}};
    for (const PrecisionBest& b : f.best) {
        best.add({size_cell(b.coded), number_cell(b.best.bits_per_weight, 2),
                  number_cell(b.bits_per_weight.low, 2), number_cell(b.bits_per_weight.high, 2),
                  size_cell(b.best.parameters), size_cell(b.parameters.low), size_cell(b.parameters.high),
                  number_cell(b.best.bits, 3), share_cell(b.best.adjusted), share_cell(b.adjusted.low),
                  share_cell(b.adjusted.high), share_cell(b.adjusted_at_16)});
    }
    return {std::move(rows), std::move(forms), std::move(best)};
}

}  // namespace bitlaw::studies
