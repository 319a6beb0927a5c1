#pragma once
/// \file All classical compressors, and a choice of them.

#include <string>
#include <vector>

#include "bitlaw/baselines/compressor.hpp"

namespace bitlaw::baselines {

/// All of them, in the table's order: gzip, bzip2, xz, lzma2, zstd, brotli, png, png32, jxl, flac, flac16.
[[nodiscard]] const std::vector<Compressor>& all_compressors();

/// Those of the keys, in the table's order; throws UsageError listing the keys for one that there is not.
[[nodiscard]] std::vector<Compressor> choose_compressors(const std::vector<std::string>& keys);

}  // namespace bitlaw::baselines
