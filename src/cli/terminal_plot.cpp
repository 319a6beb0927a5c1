#include "terminal_plot.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bitlaw/base/text.hpp"
#include "bitlaw/format/numbers.hpp"
#include "failure.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

namespace {

constexpr std::size_t kLabelColumns = 8;  // "12.345 |"
constexpr std::size_t kLeastColumns = 30;
constexpr std::size_t kMostColumns = 400;
// Cyan, yellow, magenta, green, red, blue: told apart on black and on white.
constexpr std::array kColours{36, 33, 35, 32, 31, 34};

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// The locale as the C library would find it.
bool speaks_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        std::string value = variable(name);
        if (!value.empty()) {
            std::transform(value.begin(), value.end(), value.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
            return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
        }
    }
    return false;
}

char letter_of(std::size_t curve) { return static_cast<char>('a' + curve % 26); }

// A grid of characters, each with 2 x 4 dots or one mark, the number of the curve that was there last, and
// perhaps a letter.
class Canvas {
   public:
    Canvas(std::size_t columns, std::size_t rows, bool braille)
        : columns_(columns), rows_(rows), braille_(braille), cells_(columns * rows) {}

    [[nodiscard]] std::size_t width() const { return braille_ ? 2 * columns_ : columns_; }
    [[nodiscard]] std::size_t height() const { return braille_ ? 4 * rows_ : rows_; }

    // (0, 0) is the upper left dot; what lies outside is left out.
    void dot(std::int64_t x, std::int64_t y, std::size_t curve) {
        if (Cell* const cell = at(x, y)) {
            // Unicode numbers the dots of a braille character by columns, the lowest row having been added
            // later.
            constexpr std::array<std::array<std::uint8_t, 2>, 4> kDots{
                {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
            const std::uint8_t set =
                braille_ ? kDots[static_cast<std::size_t>(y % 4)][static_cast<std::size_t>(x % 2)]
                         : std::uint8_t{1};
            cell->dots = static_cast<std::uint8_t>(cell->dots | set);
            cell->curve = curve;
        }
    }
    void line(double x0, double y0, double x1, double y1, std::size_t curve) {
        const double steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1.0});
        for (double i = 0; i <= steps; ++i) {
            dot(std::llround(x0 + (x1 - x0) * i / steps), std::llround(y0 + (y1 - y0) * i / steps), curve);
        }
    }
    void letter(double x, double y, std::size_t curve) {
        if (Cell* const cell = at(std::llround(x), std::llround(y))) {
            cell->letter = letter_of(curve);
            cell->curve = curve;
        }
    }
    [[nodiscard]] std::string row(std::size_t row, bool colours) const {
        std::string text;
        std::size_t end = columns_;  // without blanks behind the last mark
        while (end > 0 && cells_[row * columns_ + end - 1].is_empty()) {
            --end;
        }
        for (std::size_t i = 0; i < end; ++i) {
            const Cell& cell = cells_[row * columns_ + i];
            const std::string mark = mark_of(cell);
            text += colours && !cell.is_empty()
                        ? fmt::format("\033[{}m{}\033[0m", kColours[cell.curve % kColours.size()], mark)
                        : mark;
        }
        return text;
    }

   private:
    struct Cell {
        std::uint8_t dots = 0;
        char letter = 0;
        std::size_t curve = 0;
        [[nodiscard]] bool is_empty() const { return dots == 0 && letter == 0; }
    };
    [[nodiscard]] Cell* at(std::int64_t x, std::int64_t y) {
        const bool is_inside = x >= 0 && y >= 0 && x < static_cast<std::int64_t>(width()) &&
                               y < static_cast<std::int64_t>(height());
        const std::size_t across = braille_ ? 2 : 1;
        const std::size_t down = braille_ ? 4 : 1;
        return is_inside ? &cells_[static_cast<std::size_t>(y) / down * columns_ +
                                   static_cast<std::size_t>(x) / across]
                         : nullptr;
    }
    [[nodiscard]] std::string mark_of(const Cell& cell) const {
        if (cell.letter != 0) {
            return {cell.letter};
        }
        if (cell.dots == 0 || !braille_) {
            return cell.dots == 0 ? " " : ".";
        }
        // U+2800 and the dots, in UTF-8.
        return {static_cast<char>(0xe2), static_cast<char>(0xa0 | cell.dots >> 6),
                static_cast<char>(0x80 | (cell.dots & 0x3f))};
    }

    std::size_t columns_;
    std::size_t rows_;
    bool braille_;
    std::vector<Cell> cells_;  // [rows, columns]
};

std::string axis_number(CurveAxis axis, double value) {
    return axis == CurveAxis::bytes   ? format::short_text(value)
           : axis == CurveAxis::flops ? fmt::format("{:.2g}", value)
                                      : fmt::format("{:.3g}", value);
}

}  // namespace

TerminalLook terminal_look() {
    TerminalLook look;
    struct winsize size {};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        look.columns = size.ws_col;
        look.rows = std::clamp<std::size_t>(size.ws_row, 12, 40) - 4;
    }
    const bool is_dumb = is_dumb_terminal();
    look.braille = speaks_utf8() && !is_dumb;
    look.colours = is_terminal(STDOUT_FILENO) && !is_dumb && variable("NO_COLOR").empty();
    return look;
}

std::string terminal_plot(const std::vector<RunCurve>& curves, CurveAxis axis, bool log_x,
                          const TerminalLook& look) {
    const std::size_t columns = std::clamp(look.columns, kLeastColumns, kMostColumns);
    const std::size_t rows = std::max<std::size_t>(look.rows, 8) - 4;
    Canvas canvas(columns - kLabelColumns - 1, rows, look.braille);
    CurveRange range = range_of(curves);
    const double room = std::max(0.02 * (range.high_y - range.low_y), 0.001);
    range.low_y -= room;
    range.high_y += room;
    const auto scaled = [&](double x) { return log_x ? std::log(x) : x; };
    // From 0, unless that is infinitely far.
    const double first = log_x ? scaled(range.low_x) : 0.0;
    const double span = std::max(scaled(range.high_x) - first, 1e-9);
    const auto across = [&](double x) {
        return (scaled(x) - first) / span * (static_cast<double>(canvas.width()) - 1);
    };
    const auto down = [&](double y) {
        return (range.high_y - y) / (range.high_y - range.low_y) * (static_cast<double>(canvas.height()) - 1);
    };
    for (std::size_t c = 0; c < curves.size(); ++c) {
        const CurvePoints& points = curves[c].training;
        for (std::size_t i = 0; i < points.size(); ++i) {
            const auto [x0, y0] = points[i == 0 ? 0 : i - 1];
            const auto [x1, y1] = points[i];
            canvas.line(across(x0), down(y0), across(x1), down(y1), c);
        }
    }
    for (std::size_t c = 0; c < curves.size(); ++c) {
        for (const auto& [x, y] : curves[c].validation) {
            canvas.letter(across(x), down(y), c);
        }
    }
    std::string text = "bits per byte\n";
    for (std::size_t row = 0; row < rows; ++row) {
        // The middle of the row, labelled every fourth.
        const double y = range.high_y - (range.high_y - range.low_y) * (static_cast<double>(row) + 0.5) /
                                            static_cast<double>(rows);
        const std::string label =
            row % 4 == 0 ? fmt::format("{:>6.3f} ", y) : std::string(kLabelColumns - 1, ' ');
        text += label + "|" + canvas.row(row, look.colours) + "\n";
    }
    const std::string low = log_x ? axis_number(axis, range.low_x) : "0";
    const std::string high = axis_number(axis, range.high_x);
    const std::size_t width = columns - kLabelColumns - 1;
    std::string title = axis_title(axis);
    title.resize(std::min(title.size(), width - std::min(width, low.size() + high.size() + 2)));
    const std::size_t blanks = width - low.size() - high.size() - title.size();
    text += std::string(kLabelColumns - 1, ' ') + "+" + std::string(width, '-') + "\n";
    text += std::string(kLabelColumns, ' ') + low + std::string(blanks / 2, ' ') + title +
            std::string(blanks - blanks / 2, ' ') + high + "\n";
    for (std::size_t c = 0; c < curves.size(); ++c) {
        const RunCurve& curve = curves[c];
        std::string line = fmt::format("{}  training {:.4f}", letter_of(c), curve.training.back().second);
        if (!curve.validation.empty()) {
            line += fmt::format(", validation {:.4f}", curve.validation.back().second);
        }
        std::string name = printable(curve.name);
        const std::size_t left = columns - std::min(columns, line.size() + 3);
        if (shown_width(name) > left && name.size() > left) {
            name = "..." + name.substr(name.size() - std::min(name.size(), left > 3 ? left - 3 : 0));
        }
        text += look.colours
                    ? fmt::format("\033[{}m{}\033[0m  {}\n", kColours[c % kColours.size()], line, name)
                    : line + "  " + name + "\n";
    }
    return text;
}

}  // namespace bitlaw::cli
