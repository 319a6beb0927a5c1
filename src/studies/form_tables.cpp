#include "bitlaw/studies/form_tables.hpp"

#include "bitlaw/base/error.hpp"
#include "table_cells.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

Table comparison_table(std::span<const FormResult> forms) {
    Table table{"forms",
                "Forms of the law, the one that predicts best first",
                "Root mean squares of relative errors: of the fit to all runs by least squares and by "
                "the Huber loss, "
                "and of the runs named, predicted by a fit without them; forms are ranked by the "
                "hold-out column, the "
                "root mean square of those three. Criterion: n log(mean squares) + k log(n) over n "
                "cells of equal size "
                "and data; differences count, and the smallest is best.",
                {{"form", "form", true},
                 {"formula", "formula", true},
                 {"free_parameters", "parameters"},
                 {"rms_error", "rms"},
                 {"huber_rms_error", "Huber's rms"},
                 {"hold_out_error", "hold-out"},
                 {"largest_size_error", "largest size"},
                 {"most_bytes_error", "most bytes"},
                 {"costliest_error", "costliest tenth"},
                 {"criterion", "criterion"}},
                {}};
    for (const FormResult& form : forms) {
        const auto left_out = [&](const char* name) {
            for (const Extrapolation& e : form.extrapolation) {
                if (e.left_out == name) {
                    return share_cell(e.error);
                }
            }
            return nothing_cell();
        };
        table.rows.push_back({text_cell(form.fit.law.form->key), text_cell(form.fit.law.form->formula),
                              count_cell(form.fit.free), share_cell(form.fit.error),
                              share_cell(form.huber.error),
                              form.extrapolation.empty() ? nothing_cell() : share_cell(form.hold_out),
                              left_out("the largest size"), left_out("the most bytes"),
                              left_out("the costliest tenth"), number_cell(form.criterion, 1)});
    }
    return table;
}

Table parameter_table(std::span<const FormResult> forms) {
    Table table{
        "law",
        "Parameters of the forms",
        text_of("Fitted to ", forms.front().fit.points, " runs by least squares, 90 % intervals from ",
                forms.front().bootstrap.size(), " resampled studies; the last column by the Huber loss."),
        {{"form", "form", true},
         {"parameter", "", true},
         {"value", "value"},
         {"low_90", "5 %"},
         {"high_90", "95 %"},
         {"huber", "Huber loss"}},
        {}};
    for (const FormResult& form : forms) {
        const std::vector<std::string> names = form.fit.law.names();
        const std::vector<double> huber = form.huber.law.values();
        for (std::size_t q = 0; q < names.size(); ++q) {
            Row row{text_cell(form.fit.law.form->key), text_cell(names[q])};
            add_interval(row,
                         interval_of(form.fit.law, std::span<const FormLaw>(form.bootstrap),
                                     [=](const FormLaw& law) { return law.values()[q]; }),
                         general_cell);
            row.push_back(general_cell(huber[q]));
            table.rows.push_back(std::move(row));
        }
    }
    return table;
}

Table extrapolation_table(std::span<const FormResult> forms) {
    Table table{"extrapolation",
                "How well the forms predict what they were not fitted to",
                "Fitted without the runs named, which they then predict; a positive mean error is a "
                "prediction too high.",
                {{"form", "form", true},
                 {"left_out", "left out", true},
                 {"fitted_runs", "fitted"},
                 {"predicted_runs", "predicted"},
                 {"mean_error", "mean error"},
                 {"rms_error", "root mean square"},
                 {"greatest_error", "greatest"}},
                {}};
    for (const FormResult& form : forms) {
        for (const Extrapolation& e : form.extrapolation) {
            table.rows.push_back({text_cell(form.fit.law.form->key), text_cell(e.left_out),
                                  count_cell(e.fitted), count_cell(e.predicted), share_cell(e.mean_error),
                                  share_cell(e.error), share_cell(e.greatest_error)});
        }
    }
    return table;
}

}  // namespace

std::vector<Table> form_tables(std::span<const FormResult> forms) {
    return {comparison_table(forms), parameter_table(forms), extrapolation_table(forms)};
}

}  // namespace bitlaw::studies
