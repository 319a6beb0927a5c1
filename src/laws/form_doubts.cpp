#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/form_fit.hpp"

namespace bitlaw::laws {
namespace {

std::string short_number(double value) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.3g", value);
    return buffer.data();
}

}  // namespace

std::vector<std::string> form_doubts(const FormFit& fit, const FormFit& huber,
                                     std::span<const FormLaw> bootstrap) {
    std::vector<std::string> doubts;
    for (const std::string& name : fit.at_end) {
        doubts.push_back(
            text_of(name, " is at an end of the range that is searched, so the runs do not determine it",
                    name == "E" ? " and rates far beyond them may be too low" : ""));
    }
    const std::vector<std::string> names = fit.law.names();
    const std::vector<double> values = fit.law.values();
    std::vector<std::vector<double>> samples(values.size());
    std::map<std::string, std::size_t> ends;
    for (const FormLaw& sample : bootstrap) {
        for (const std::string& name : sample.at_end()) {
            ++ends[name];
        }
        const std::vector<double> sampled = sample.values();
        for (std::size_t q = 0; q < values.size(); ++q) {
            samples[q].push_back(sampled[q]);
        }
    }
    for (const auto& [name, count] : ends) {
        doubts.push_back(text_of("in ", count, " of ", bootstrap.size(), " resampled studies ", name,
                                 " is at an end of the range that is searched"));
    }
    for (const std::string& name : huber.at_end) {
        doubts.push_back(text_of("the Huber fit has ", name,
                                 " at an end of the range that it searches, so it determines no such value"));
    }
    const std::vector<double> other = huber.law.values();
    std::string outside;
    for (std::size_t q = 0; q < values.size() && !bootstrap.empty(); ++q) {
        const double low = quantile(samples[q], 0.05);
        const double high = quantile(samples[q], 0.95);
        const double inside = std::clamp(other[q], low, high);
        if (short_number(other[q]) != short_number(inside)) {
            outside += text_of(outside.empty() ? "" : "; ", names[q], " = ", short_number(other[q]),
                               ", outside its interval ", short_number(low), " to ", short_number(high));
        }
    }
    if (!outside.empty()) {
        doubts.push_back("the Huber fit gives " + outside);
    }
    return doubts;
}

}  // namespace bitlaw::laws
