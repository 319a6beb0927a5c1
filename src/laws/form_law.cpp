#include "bitlaw/laws/form_law.hpp"

#include <array>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/smooth_line.hpp"
#include "forms/forms.hpp"

namespace bitlaw::laws {
namespace {

constexpr std::size_t kMostFormParameters = 16;

// The size between the two below at which value(N) is least.
template <class Value>
double least_size(double low, double high, const Value& value) {
    return std::exp(least_place(std::log(low), std::log(high), [&](double place) {
                        return value(std::exp(place));
                    }).place);
}

constexpr double kLeastSize = 10.0;
constexpr double kGreatestSize = 1e16;

}  // namespace

std::span<const LawForm> law_forms() {
    static const std::array list{
        forms::additive(),
        forms::sized_data(),
        forms::norm(),
        forms::practical(),
    };
    return list;
}

double FormLaw::repeat_scale() const {
    return search.size() > form->parameters.size() ? std::exp(search.back()) : 0.0;
}

double FormLaw::bits(double parameters, double bytes, double unique) const {
    BITLAW_ASSERT(form != nullptr && form->parameters.size() <= kMostFormParameters);
    const FormPlace place{.size = std::log(parameters) - centre.size,
                          .data = std::log(effective_bytes(bytes, unique, repeat_scale())) - centre.data,
                          .trained = std::log(bytes) - centre.data,
                          .unique = std::log(unique) - centre.data,
                          .no_model = no_model};
    std::array<double, kMostFormParameters> slopes{};
    double by_data = 0;
    return form->bits(search.data(), place, slopes.data(), &by_data);
}

std::vector<double> FormLaw::values() const {
    std::vector<double> list(form->parameters.size());
    form->natural(search.data(), centre, list.data());
    if (search.size() > list.size()) {
        list.push_back(repeat_scale());
    }
    return list;
}

std::vector<std::string> FormLaw::names() const {
    std::vector<std::string> list;
    for (const FormParameter& parameter : form->parameters) {
        list.emplace_back(parameter.name);
    }
    if (search.size() > list.size()) {
        list.emplace_back("R*");
    }
    return list;
}

std::vector<std::string> FormLaw::at_end() const {
    constexpr double kNear = 1e-6;
    std::vector<std::string> list;
    const std::vector<std::string> all = names();
    for (std::size_t q = 0; q < search.size(); ++q) {
        const bool is_repeats = q == form->parameters.size();
        const double low = is_repeats ? std::log(kLeastRepeats) : form->parameters[q].low;
        const double high = is_repeats ? std::log(kGreatestRepeats) : form->parameters[q].high;
        if (search[q] <= low + kNear || search[q] >= high - kNear) {
            list.push_back(all[q]);
        }
    }
    return list;
}

FormLaw form_law(const LawForm& form, std::span<const double> search, double repeat_scale, double no_model) {
    BITLAW_ASSERT(search.size() == form.parameters.size());
    FormLaw law{&form, {search.begin(), search.end()}, {}, no_model};
    if (form.has_repeats && repeat_scale > 0.0) {
        law.search.push_back(std::log(repeat_scale));
    }
    return law;
}

FormLaw form_law(const Law& law) {
    const std::array search{std::log(law.floor), std::log(law.size_scale), std::log(law.size_power),
                            std::log(law.data_scale), std::log(law.data_power)};
    return form_law(law_forms().front(), search, law.repeat_scale);
}

double adjusted_rate(const FormLaw& law, const LawPoint& trained, double coded_bytes,
                     double bytes_per_parameter) {
    return law.bits(trained) / 8.0 + bytes_per_parameter * trained.parameters / coded_bytes;
}

double adjusted_optimum(const FormLaw& law, const LawPoint& trained, double coded_bytes,
                        double bytes_per_parameter) {
    return least_size(kLeastSize, kGreatestSize, [&](double n) {
        return adjusted_rate(law, {n, trained.bytes, trained.unique, 0}, coded_bytes, bytes_per_parameter);
    });
}

double adjusted_optimum(const FormLaw& law, double trained_bytes, double coded_bytes,
                        double bytes_per_parameter) {
    return adjusted_optimum(law, LawPoint{0, trained_bytes, trained_bytes, 0}, coded_bytes,
                            bytes_per_parameter);
}

double compute_optimum(const FormLaw& law, double flops, const ByteOperations& operations) {
    return least_size(kLeastSize, kGreatestSize, [&](double n) {
        const double bytes = flops / operations.at(n);
        return law.bits(n, bytes, bytes);
    });
}

}  // namespace bitlaw::laws
