#pragma once
/// \file A smooth line through measured points, and where it is least.

#include <functional>
#include <span>
#include <vector>

namespace bitlaw::laws {

/// Whether a line may have waves between points that rise or fall.
enum class Waves { cut, left };

/// A cubic spline through points, whose third derivative is continuous at the second and the last but one
/// ("not a knot"; de Boor 1978, chapter IV). Where waves are cut no slope is above three times the smaller
/// neighbouring secant's, so that the line falls where the points do (Fritsch and Carlson 1980; Hyman 1983);
/// that costs smoothness of the second derivative, and precision beside a least point.
class SmoothLine {
   public:
    /// At least two points, x ascending and different.
    SmoothLine(std::span<const double> x, std::span<const double> y, Waves waves = Waves::cut);
    /// The line at a place; outside the points the end's value and slope go on.
    [[nodiscard]] double at(double place) const;
    [[nodiscard]] double first() const { return x_.front(); }
    [[nodiscard]] double last() const { return x_.back(); }

   private:
    std::vector<double> x_;
    std::vector<double> y_;
    std::vector<double> slope_;
};

/// Where a function is least.
struct LeastPlace {
    double place = 0;
    double value = 0;
    int end = 0;  ///< -1: at the first place, so that it may lie before; 1: at the last; 0: inside
};

/// The least value of a function between two places: the best of a fine grid, refined by thirds. Class B.
[[nodiscard]] LeastPlace least_place(double first, double last, const std::function<double(double)>& value);

}  // namespace bitlaw::laws
