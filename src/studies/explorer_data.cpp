#include "explorer_data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

// Ten sizes in a factor of ten: what lies between is interpolated by cubics in log N, off by less than 10^-5.
constexpr double kSizesPerDecade = 10;
constexpr double kBytesPerDecade = 4;
// As far beyond what was run as sizes and bytes may be chosen.
constexpr double kBeyondSizes = 1000;
constexpr int kCurvePoints = 60;

// Six digits are more than a picture shows.
double short_number(double value) { return std::stod(fmt::format("{:.6g}", value)); }
double bits_of(double value) { return std::stod(fmt::format("{:.5f}", value)); }

// From `first` to `last` or a little beyond, so many in a factor of ten.
std::vector<double> grid(double first, double last, double per_decade) {
    std::vector<double> values;
    const auto count = static_cast<int>(std::ceil(std::log10(last / first) * per_decade));
    for (int i = 0; i <= count; ++i) {
        values.push_back(short_number(first * std::pow(10.0, i / per_decade)));
    }
    return values;
}

Json amount_data(const StudyFindings& f, double unique) {
    const std::span<const BestRate> rates = f.best_of(unique);
    Json json{{"unique", unique},
              {"passes", most_passes(f.plan.config, unique)},
              {"points", Json::array()},
              {"curve", Json::array()}};
    for (const BestRate& rate : rates) {
        json["points"].push_back(
            {rate.parameters, bits_of(rate.bits), rate.model_bytes, static_cast<double>(rate.passes)});
    }
    if (rates.size() < 2) {
        return json;
    }
    const MeasuredCurve line(rates);
    for (int i = 0; i < kCurvePoints; ++i) {
        const double place = line.first() + (line.last() - line.first()) * i / (kCurvePoints - 1.0);
        const double bits = line.bits(place);
        json["curve"].push_back({short_number(std::exp(place)), bits_of(bits),
                                 short_number((line.adjusted(place) - bits / 8.0) * unique)});
    }
    return json;
}

Json rates_of(const FormLaw& law, const std::vector<double>& sizes, double bytes, double unique) {
    Json row = Json::array();
    for (const double n : sizes) {
        row.push_back(bits_of(law.bits(n, bytes, unique)));
    }
    return row;
}

// Null where there is no number.
Json number(const Cell& cell) {
    const auto* const real = std::get_if<double>(&cell.exact);
    return real != nullptr && std::isfinite(*real) ? Json(short_number(*real)) : Json();
}

}  // namespace

Json explorer_data(const StudyFindings& f) {
    if (f.best.empty()) {
        return nullptr;
    }
    const std::vector<double> amounts = f.amounts();
    double largest = 0;
    double smallest = INFINITY;
    for (const BestRate& rate : f.best) {
        largest = std::max(largest, rate.parameters);
        smallest = std::min(smallest, rate.parameters);
    }
    const std::vector<double> sizes = grid(smallest / 3, largest * kBeyondSizes, kSizesPerDecade);
    const std::vector<double> bytes =
        grid(amounts.front() / 10,
             std::max(1000 * amounts.back(), 10 * static_cast<double>(f.plan.config.predict_bytes)),
             kBytesPerDecade);
    Json json{{"stored_bits", 8 * f.shown_cost()},
              {"predict_bytes", f.plan.config.predict_bytes},
              {"sizes", sizes},
              {"bytes", bytes},
              {"amounts", Json::array()},
              {"laws", Json::array()}};
    for (const double unique : amounts) {
        json["amounts"].push_back(amount_data(f, unique));
    }
    for (const FormResult& form : f.has_law() ? std::span(f.forms) : std::span<const FormResult>()) {
        const FormLaw& law = form.fit.law;
        Json entry{{"key", law.form->key},
                   {"formula", law.form->formula},
                   {"at_amounts", Json::array()},
                   {"anywhere", Json::array()}};
        for (const double unique : amounts) {
            entry["at_amounts"].push_back(
                rates_of(law, sizes, unique * most_passes(f.plan.config, unique), unique));
        }
        for (const double count : bytes) {
            entry["anywhere"].push_back(rates_of(law, sizes, count, count));
        }
        json["laws"].push_back(std::move(entry));
    }
    return json;
}

Json figure_data(const StudyFigure& figure) {
    const FigureAxes& axes = figure.axes;
    Json json{{"name", figure.name},
              {"caption", figure.caption},
              {"title", axes.title},
              {"x_title", axes.x_title},
              {"y_title", axes.y_title},
              {"log_y", axes.log_y},
              {"x_is_size", axes.x_is_size},
              {"y_is_size", axes.y_is_size},
              {"most_y", axes.most_y > 0 ? Json(axes.most_y) : Json()},
              {"bars", axes.bars_along_x ? "x" : "y"},
              {"series", Json::array()}};
    Json last;
    for (const auto& row : figure.points.rows) {
        if (json_of(row[0].exact) != last) {
            last = json_of(row[0].exact);
            json["series"].push_back({{"style", row[1].shown},
                                      {"title", row[2].shown},
                                      {"shade", number(row[3])},
                                      {"points", Json::array()}});
        }
        Json point{number(row[4]), number(row[5])};
        if (!number(row[6]).is_null()) {
            point.push_back(number(row[6]));
            point.push_back(number(row[7]));
        }
        json["series"].back()["points"].push_back(std::move(point));
    }
    return json;
}

}  // namespace bitlaw::studies
