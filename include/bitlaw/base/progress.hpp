#pragma once
/// \file Progress as text: percent, speed, time left. Only the command line prints it.

#include <chrono>
#include <cstdint>
#include <string>

namespace bitlaw {

/// Measures the advance of one long piece of work.
class Progress {
   public:
    explicit Progress(std::uint64_t total_units);
    /// "  42 %  12.3 KB/s  1.93 bits/byte  98 GFLOP/s, 41 % of peak  0:01:20 left"; figures that are 0 are
    /// left out. peak_gflops: what the machine can do.
    [[nodiscard]] std::string line(std::uint64_t done_units, double bits_per_byte, double gflops,
                                   double peak_gflops = 0) const;
    [[nodiscard]] double seconds() const;
    /// True at most ten times a second, so that printing costs nothing.
    [[nodiscard]] bool due();

   private:
    std::uint64_t total_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_;
};

/// "12.3 s", "3 min 20 s" or "2 h 5 min".
[[nodiscard]] std::string duration_text(double seconds);
/// "1,234,567".
[[nodiscard]] std::string with_commas(std::uint64_t value);
/// "12.3 KB/s" style: powers of 1000, three significant digits.
[[nodiscard]] std::string with_unit(double value, const char* unit);

}  // namespace bitlaw
