#pragma once
/// \file Sizes as people write them: 16K, 1.5M, 64MiB.

#include <cstdint>
#include <string>

namespace bitlaw {

/// Parses "16K", "1.5M", "2G", "1T" (powers of 1000; KiB, MiB, GiB, TiB are powers of 1024). Throws
/// UsageError, without a name in front.
[[nodiscard]] std::uint64_t parse_size(const std::string& text);

/// "8K", "3.2M", "1234567": the shortest exact form, which parse_size reads.
[[nodiscard]] std::string size_text(std::uint64_t value);

}  // namespace bitlaw
