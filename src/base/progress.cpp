#include "bitlaw/base/progress.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace bitlaw {
namespace {

constexpr std::chrono::milliseconds kPrintInterval{100};

template <class... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 96> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

std::string clock_text(double seconds) {
    // The cap keeps the conversion defined; 9,999 hours is longer than any run.
    const auto whole = std::lround(std::min(seconds, 9999.0 * 3600.0));
    return formatted("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

Progress::Progress(std::uint64_t total_units)
    : total_(total_units), start_(std::chrono::steady_clock::now()), last_(start_ - kPrintInterval) {}

double Progress::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

bool Progress::due() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kPrintInterval) {
        return false;
    }
    last_ = now;
    return true;
}

std::string Progress::line(std::uint64_t done_units, double bits_per_byte, double gflops,
                           double peak_gflops) const {
    const auto done = static_cast<double>(done_units);
    const auto total = static_cast<double>(total_);
    const double share = total_ == 0 ? 1.0 : std::min(done / total, 1.0);
    // Rounded down, so that 100 % means finished.
    std::string text = formatted("%4d %%", static_cast<int>(share * 100.0));
    const double elapsed = seconds();
    if (done_units > 0 && elapsed > 0.0) {
        text += "  " + with_unit(done / elapsed, "B/s");
    }
    if (bits_per_byte != 0.0) {
        text += formatted("  %.2f bits/byte", bits_per_byte);
    }
    if (gflops != 0.0) {
        text += formatted("  %.0f GFLOP/s", gflops);
        if (peak_gflops > 0.0) {
            text += formatted(", %.0f %% of peak", 100.0 * gflops / peak_gflops);
        }
    }
    if (done_units > 0 && done_units < total_) {
        text += "  " + clock_text(elapsed * (total - done) / done) + " left";
    }
    return text;
}

std::string duration_text(double seconds) {
    if (seconds < 59.95) {
        return formatted("%.1f s", seconds);
    }
    // The cap as in clock_text().
    const auto whole = std::lround(std::min(seconds, 9999.0 * 3600.0));
    return whole < 3600 ? formatted("%ld min %ld s", whole / 60, whole % 60)
                        : formatted("%ld h %ld min", whole / 3600, whole / 60 % 60);
}

std::string with_commas(std::uint64_t value) {
    std::string text = std::to_string(value);
    for (std::size_t place = text.size(); place > 3;) {
        place -= 3;
        text.insert(place, 1, ',');
    }
    return text;
}

std::string with_unit(double value, const char* unit) {
    constexpr std::string_view kPrefixes = "KMGTPE";
    std::size_t power = 0;
    // 999.5 already rounds to 1000, which would be a fourth digit.
    while (value >= 999.5 && power < kPrefixes.size()) {
        value /= 1000.0;
        ++power;
    }
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    std::string text = formatted("%.*f ", decimals, value);
    if (power > 0) {
        text += kPrefixes[power - 1];
    }
    return text + unit;
}

}  // namespace bitlaw
