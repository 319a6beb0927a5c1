#pragma once
/// \file Compress and decompress whole inputs with a model. docs/FORMAT.md specifies the archive's bytes.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/coding/stream.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw {

/// Called with (bytes of plain text done, archive bytes so far) from the calling thread; may throw Stopped to
/// end the work.
using CodecProgress = std::function<void(std::uint64_t, std::uint64_t)>;

struct CompressOptions {
    std::uint64_t block_bytes = 16'000'000;  ///< input bytes of a block: 1 .. 2^24 (kMostBlockBytes)
    std::optional<std::size_t> streams;  ///< streams of a block, 1 .. 4096 and at most its bytes; chosen from
                                         ///< its length when not set
    std::optional<std::uint64_t> reset_every;  ///< default_reset(config) when not set
    bool embed_model = false;                  ///< puts the coding weights into the archive
    CodecProgress progress;
};

struct CodecSummary {
    std::uint64_t plain_bytes = 0;
    std::uint64_t archive_bytes = 0;  ///< embedded model included
    std::uint64_t model_bytes = 0;    ///< of archive_bytes: the embedded model
    std::uint64_t blocks = 0;
    std::uint64_t stored_blocks = 0;
    std::uint64_t streams = 0;  ///< over all blocks
};

/// Compresses source to sink with bounded memory (about two blocks and the streams' contexts). The same bytes
/// for every instruction set and thread count.
CodecSummary compress(const StoredModel& model, const CompressOptions& options, const ByteSource& source,
                      const ByteSink& sink);

/// Finds a model by its id, or throws an Error that says both ids and where it was looked for.
using ModelFinder = std::function<const StoredModel&(std::uint64_t id)>;

/// Restores an archive; uses the embedded model when there is one, otherwise the finder's. Verifies every
/// hash; bytes already given to the sink before an error must be thrown away by the caller.
CodecSummary decompress(const ModelFinder& find, const ByteSource& source, const ByteSink& sink,
                        const CodecProgress& progress);

/// What an archive's header, block headers and trailer say, without decoding (structure and hashes of headers
/// checked).
struct ArchiveListing {
    std::uint64_t model_id = 0;
    bool embedded = false;
    std::uint16_t arithmetic_version = 0;
    std::uint64_t reset_every = 0;
    CodecSummary summary;
};
[[nodiscard]] ArchiveListing list_archive(const ByteSource& source);

/// The code length of data without making an archive: per block and stream the sum of -log2(frequency /
/// total) over the same integer frequencies, with the stored-block rule applied; agrees with the archive's
/// bytes within 0.1 % + 32 bytes per stream.
struct Estimate {
    std::uint64_t plain_bytes = 0;
    double code_bits = 0;  ///< payload only, of coded blocks the ideal code length, of stored blocks 8 a byte
    double archive_bytes = 0;  ///< code_bits / 8 plus the format's own overhead, rounded up
    std::uint64_t streams = 0;
};
[[nodiscard]] Estimate estimate(const StoredModel& model, const CompressOptions& options, ByteSpan data);

/// The paper's protocol: independent chunks of `chunk_bytes`, each scored from an empty context; the sum of
/// their ideal code lengths in bits (no archive overhead). Deletang et al. 2024, section 3.
[[nodiscard]] double chunked_bits(const StoredModel& model, ByteSpan data, std::size_t chunk_bytes,
                                  const CodecProgress& progress);

}  // namespace bitlaw
