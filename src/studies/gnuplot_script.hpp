#pragma once
/// \file A gnuplot script with its data in it.

#include <string>
#include <vector>

namespace bitlaw::studies {

/// Rows of numbers.
using FigureRows = std::vector<std::vector<double>>;

/// Number `index` of `count` colours from dark to light for small to large: matplotlib's viridis as far as it
/// is seen on white.
[[nodiscard]] std::string figure_colour(std::size_t index, std::size_t count);

/// The text inside double quotes, as gnuplot reads it.
[[nodiscard]] std::string gnuplot_text(const std::string& text);

/// " title ..." of a plotted element.
[[nodiscard]] std::string gnuplot_title(const std::string& text);

/// A script that grows: settings, data blocks and the list of what is plotted. It writes NAME.svg.
class GnuplotScript {
   public:
    GnuplotScript(const std::string& name, const std::string& title, const std::string& x,
                  const std::string& y);
    /// Adds a line before the plot.
    void set(const std::string& line);
    /// Range and tics of axis 'x' or 'y' for sizes: powers of ten with the project's letters, since gnuplot
    /// writes a small k. Sizes that no logarithm can show are left to gnuplot.
    void set_sizes(char axis, double low, double high);
    /// Plots an element: what it is, and its style.
    void plot(const std::string& element);
    /// Plots rows, where there are any.
    void plot(const FigureRows& rows, const std::string& style);
    [[nodiscard]] std::string text() const { return settings_ + blocks_ + plots_ + "\n"; }

   private:
    std::string settings_;
    std::string blocks_;
    std::string plots_;
    int blocks_count_ = 0;
};

}  // namespace bitlaw::studies
