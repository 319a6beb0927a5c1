#pragma once
/// \file What coding with a model costs, without making an archive.

#include <cstdint>

#include "bitlaw/coding/codec.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::coding {

/// The code length of data: per block and stream the sum of -log2(frequency / total) over the same integer
/// frequencies, with the stored-block rule applied; agrees within 0.1 % + 32 bytes per stream with the bytes
/// of an archive made with Fallback::never, whatever the options say: it measures the model.
struct Estimate {
    std::uint64_t plain_bytes = 0;
    double code_bits = 0;  ///< payload only, of coded blocks the ideal code length, of stored blocks 8 a byte
    double archive_bytes = 0;  ///< code_bits / 8 plus the format's own overhead, rounded up
    std::uint64_t streams = 0;
};
[[nodiscard]] Estimate estimate(const model::StoredModel& model, const CompressOptions& options,
                                ByteSpan data);

/// The paper's protocol: independent chunks of `chunk_bytes`, each scored from an empty context; the sum of
/// their ideal code lengths in bits (no archive overhead). Deletang et al. 2024, section 3.
[[nodiscard]] double chunked_bits(const model::StoredModel& model, ByteSpan data, std::size_t chunk_bytes,
                                  const CodecProgress& progress);

}  // namespace bitlaw::coding
