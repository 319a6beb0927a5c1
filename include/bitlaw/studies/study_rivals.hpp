#pragma once
/// \file What compressors without a model make of the study's bytes.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/studies/study_config.hpp"

namespace bitlaw::studies {

/// What a compressor makes of the held-out bytes.
struct ClassicalRate {
    std::string name;  ///< with its settings: "gzip -9"
    std::uint64_t bytes = 0;
    double bits_per_byte = 0;
};

/// The config's compressors on one half of the held-out bytes. Throws Error when data or programs are
/// missing.
[[nodiscard]] std::vector<ClassicalRate> classical_rates(const StudyConfig& config,
                                                         const std::string& held_out, bool second_half);

/// What a compressor makes of as many bytes as are coded: the rival of a network whose model counts.
struct RivalRate {
    std::string name;
    double coded = 0;  ///< S
    double rate = 0;   ///< compressed / original
};

/// Rows "compressor,bytes,compressed_bytes" below that header; none without a file of that name in the
/// config. Throws Error naming file and line.
[[nodiscard]] std::vector<RivalRate> rival_rates(const StudyConfig& config);

}  // namespace bitlaw::studies
