#include "gnuplot_script.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/study_tables.hpp"

namespace bitlaw::studies {

using namespace format;

std::string figure_colour(std::size_t index, std::size_t count) {
    struct Colour {
        double red, green, blue;
    };
    constexpr std::array<Colour, 7> kAnchors{{{68, 1, 84},
                                              {69, 55, 129},
                                              {52, 94, 141},
                                              {36, 130, 142},
                                              {33, 166, 133},
                                              {86, 198, 103},
                                              {170, 214, 40}}};
    const double place = count < 2 ? 0.4 : static_cast<double>(index) / static_cast<double>(count - 1);
    const double scaled = place * static_cast<double>(kAnchors.size() - 1);
    const std::size_t below = std::min(static_cast<std::size_t>(scaled), kAnchors.size() - 2);
    const double share = scaled - static_cast<double>(below);
    const auto mixed = [&](double Colour::*part) {
        return static_cast<int>(
            std::lround((1 - share) * kAnchors[below].*part + share * kAnchors[below + 1].*part));
    };
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "#%02x%02x%02x", mixed(&Colour::red), mixed(&Colour::green),
                  mixed(&Colour::blue));
    return text.data();
}

std::string gnuplot_text(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return result + "\"";
}

std::string gnuplot_title(const std::string& text) { return " title " + gnuplot_text(text); }

GnuplotScript::GnuplotScript(const std::string& name, const std::string& title, const std::string& x,
                             const std::string& y) {
    settings_ = text_of(
        "set terminal svg size 940, 540 font \"DejaVu Sans,Helvetica,Arial,sans-serif,13\" background "
        "\"white\" name ",
        gnuplot_text(name), "\nset output ", gnuplot_text(name + ".svg"),
        "\nset encoding utf8\nset border 3 lw 1 lc rgb \"#888888\"\n"
        "set grid lw 0.6 lc rgb \"#e6e6e6\"\n"
        "set tics nomirror out scale 0.6 textcolor rgb \"#444444\"\n"
        "set key outside right top Left reverse samplen 1.8 spacing 1.25 noenhanced textcolor rgb "
        "\"#444444\"\nset title ",
        gnuplot_text(title), " noenhanced font \",15\" textcolor rgb \"#222222\"\nset xlabel ",
        gnuplot_text(x), " noenhanced\nset ylabel ", gnuplot_text(y), " noenhanced\n");
}

void GnuplotScript::set(const std::string& line) { settings_ += line + "\n"; }

void GnuplotScript::set_sizes(char axis, double low, double high) {
    if (!(low > 0.0 && high >= low && std::isfinite(high))) {
        return;
    }
    set(text_of("set ", axis, "range [", low, ":", high, "]"));
    std::string text = text_of("set ", axis, "tics (");
    bool is_first = true;
    for (double place = std::pow(10.0, std::floor(std::log10(low))); place <= high * 1.001; place *= 10.0) {
        text += text_of(is_first ? "" : ", ", gnuplot_text(short_text(place)), ' ', exact_text(place));
        for (int part = 2; part < 10; ++part) {
            text += text_of(", \"\" ", exact_text(part * place), " 1");
        }
        is_first = false;
    }
    set(text + ")");
}

void GnuplotScript::plot(const std::string& element) {
    plots_ += (plots_.empty() ? "plot " : ", \\\n     ") + element;
}

void GnuplotScript::plot(const FigureRows& rows, const std::string& style) {
    if (rows.empty()) {
        return;
    }
    const std::string name = text_of("$data", blocks_count_++);
    blocks_ += name + " << EOD\n";
    for (const auto& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) {
            blocks_ += (c == 0 ? "" : " ") + exact_text(row[c]);
        }
        blocks_ += "\n";
    }
    blocks_ += "EOD\n";
    plot(name + " " + style);
}

}  // namespace bitlaw::studies
