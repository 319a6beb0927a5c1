#include "bitlaw/laws/form_comparison.hpp"

#include <set>

#include "bitlaw/base/error.hpp"

namespace bitlaw::laws {

std::vector<FormResult> compare_forms(std::span<const ProfileRun> runs, std::span<const std::size_t> cells,
                                      const ComparisonOptions& options) {
    std::vector<LawPoint> points;
    for (const ProfileRun& run : runs) {
        points.push_back(run.point);
    }
    const std::size_t different = std::set<std::size_t>(cells.begin(), cells.end()).size();
    std::vector<FormResult> forms;
    for (const LawForm& form : law_forms()) {
        // The additive law says itself what it lacks.
        const std::size_t fewest = form.parameters.size() + 3;
        if (!forms.empty() && (points.size() < fewest || different < fewest)) {
            continue;
        }
        FormResult result{.fit = fit_form(form, points, FitLoss::squares, options.no_model),
                          .huber = fit_form(form, points, FitLoss::huber, options.no_model),
                          .bootstrap = {},
                          .extrapolation = extrapolations(runs, form, options.no_model)};
        result.bootstrap = bootstrap_forms(points, cells, result.fit.law, options.bootstrap, options.seed);
        result.hold_out = hold_out_error(result.extrapolation);
        result.criterion = cell_criterion(points, cells, result.fit);
        forms.push_back(std::move(result));
    }
    const bool has_hold_out = std::all_of(forms.begin(), forms.end(), [](const FormResult& form) {
        return form.extrapolation.size() == 3 && std::isfinite(form.hold_out);
    });
    std::stable_sort(forms.begin(), forms.end(), [&](const FormResult& a, const FormResult& b) {
        return has_hold_out ? a.hold_out < b.hold_out : a.criterion < b.criterion;
    });
    return forms;
}

}  // namespace bitlaw::laws
