#pragma once
/// \file Learning curves drawn with characters.

#include <cstddef>
#include <string>
#include <vector>

#include "run_curves.hpp"

namespace bitlaw::cli {

/// What the terminal can show.
struct TerminalLook {
    std::size_t columns = 80;
    std::size_t rows = 24;  ///< of the whole picture but its legend
    bool braille = false;   ///< UTF-8: eight dots a character, otherwise one mark
    bool colours = false;   ///< ANSI's
};

/// Of standard output: its size (80 x 24 where it is no terminal), braille where the locale is UTF-8 and TERM
/// is not dumb, colours where it is a terminal, TERM is not dumb and NO_COLOR is not set.
[[nodiscard]] TerminalLook terminal_look();

/// Lines of training with a letter at each validation, axes, and a legend with the last figures; no line is
/// longer than the columns. `log_x`: x is logarithmic.
[[nodiscard]] std::string terminal_plot(const std::vector<RunCurve>& curves, CurveAxis axis, bool log_x,
                                        const TerminalLook& look);

}  // namespace bitlaw::cli
