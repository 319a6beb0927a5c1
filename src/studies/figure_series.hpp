#pragma once
/// \file What stands in a picture: series of points, and those that several pictures share.

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// A coordinate that a point does not have.
inline constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

struct Point {
    double x;
    double y;
    double low = kNothing;
    double high = kNothing;
};
using Points = std::vector<Point>;

/// The table of a picture's points, a series after the other.
class Series {
   public:
    /// `shade` of 0 to 1 is dark to light; gnuplot cuts a title at a comma.
    void add(const char* style, const std::string& title, const Points& points, double shade = 0);
    [[nodiscard]] const format::Table& table() const { return table_; }

   private:
    format::Table table_{.columns = {{"series", ""},
                                     {"style", ""},
                                     {"title", ""},
                                     {"shade", ""},
                                     {"x", ""},
                                     {"y", ""},
                                     {"low", ""},
                                     {"high", ""}}};
    std::uint64_t count_ = 0;
};

/// Number `index` of `count`, for small to large.
[[nodiscard]] double shade(std::size_t index, std::size_t count);

/// Points of a function at equal ratios from first to last.
[[nodiscard]] Points curve(double first, double last, const std::function<double(double)>& value);
/// From the smallest size to the largest, and beyond.
[[nodiscard]] Points curve_of_sizes(const StudyFindings& f, const std::function<double(double)>& value);

/// The compressors' rates, `factor` times bits per byte.
void add_classical(Series& series, const StudyFindings& f, double factor);

/// A series for each key, by the shades of their order.
void add_each(Series& series, const char* style, const std::map<double, Points>& by_key,
              const std::function<std::string(double)>& title);

/// "U = 10M (1 to 4 passes)": what the rates of an amount are the best of.
[[nodiscard]] std::string amount_text(const StudyFindings& f, const std::string& label, double amount);

/// What a figure shows of a measured curve at log N.
using OfCurve = std::function<double(const MeasuredCurve&, double)>;

/// A smooth line through the measured rates of each amount, and the law at its most passes.
void add_amounts(Series& series, const StudyFindings& f, const std::string& label,
                 const std::function<double(const BestRate&)>& measured, const OfCurve& between,
                 const std::function<double(const laws::LawPoint&)>& predicted);

using OfOptimum = std::function<Point(const MeasuredOptimum&)>;

/// The optima inside with the interval of their sizes, of no width where there is none; those that are bounds
/// with how far their arrow goes along an axis of sizes: to 1.6 times or a 1.6th.
void add_optima(Series& series, const StudyFindings& f, const std::string& title, const OfOptimum& place,
                bool along_x);

}  // namespace bitlaw::studies
