#pragma once
/// \file Other programs: classical compressors and gnuplot.

#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw {

struct ProcessOutput {
    std::uint64_t bytes = 0;  ///< on standard output
    std::string errors;       ///< the first kilobytes of standard error
    int exit_code = 0;        ///< 128 + the signal's number when one ended it
};

/// Runs a program, found by PATH, with `input` on its standard input, counts what it writes and waits for its
/// end. Throws Error when it cannot be started, naming it and the Debian package that holds it.
[[nodiscard]] ProcessOutput run_process(const std::vector<std::string>& command, ByteSpan input,
                                        const std::string& package);

/// What a classical compressor makes of the held-out bytes.
struct ClassicalRate {
    std::string name;     ///< as in the config
    std::string command;  ///< with its options
    std::uint64_t bytes = 0;
    double bits_per_byte = 0;
};

/// Compresses the bytes with gzip -9, bzip2 -9, xz -9e or zstd -19 --long=27. Throws Error when it fails.
[[nodiscard]] ClassicalRate classical_rate(const std::string& name, ByteSpan data);

}  // namespace bitlaw
