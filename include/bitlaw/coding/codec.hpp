#pragma once
/// \file Compress whole inputs with a model, and measure what that costs. docs/FORMAT.md specifies the
/// archive's bytes.

#include <cstdint>
#include <optional>

#include "bitlaw/coding/restore.hpp"
#include "bitlaw/coding/stream.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::coding {

/// What becomes of a block whose code by the model is not smaller than the block.
enum class Fallback {
    never,  ///< it is stored: an archive's rate is the model's, and nothing else's
    worse,  ///< it is coded without the model (coding/mixing.hpp) where that is smaller than storing
    best,   ///< every block is coded by whatever is smallest, also where the model would have made it smaller
};

struct CompressOptions {
    std::uint64_t block_bytes = 16'000'000;  ///< input bytes of a block: 1 .. 2^24 (kMostBlockBytes)
    std::optional<std::size_t> streams;  ///< streams of a block, 1 .. 4096 and at most its bytes; chosen from
                                         ///< its length when not set
    std::optional<std::uint64_t> reset_every;  ///< default_reset(config) when not set
    bool embed_model = false;                  ///< puts the coding weights into the archive
    Fallback fallback = Fallback::never;
    CodecProgress progress;
};

/// Compresses source to sink with bounded memory (about two blocks and the streams' contexts). The same bytes
/// for every instruction set and thread count.
CodecSummary compress(const model::StoredModel& model, const CompressOptions& options,
                      const ByteSource& source, const ByteSink& sink);

/// The code length of data without making an archive: per block and stream the sum of -log2(frequency /
/// total) over the same integer frequencies, with the stored-block rule applied; agrees within 0.1 % + 32
/// bytes per stream with the bytes of an archive made with Fallback::never, whatever the options say: it
/// measures the model.
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
