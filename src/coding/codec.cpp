#include "bitlaw/coding/codec.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/coding/mixing.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/scorer.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "reporter.hpp"

namespace bitlaw::coding {

using namespace symbols;
using namespace model;
using namespace predict;

namespace {

// What compress() and estimate() make of the options and a model.
struct Plan {
    Plan(const StoredModel& model, const CompressOptions& options)
        : packed(model.model, PackFor::inference),
          block_bytes(options.block_bytes),
          streams(options.streams),
          reset_every(options.reset_every.value_or(default_reset(model.model.config))) {
        if (block_bytes < 1 || block_bytes > kMostBlockBytes) {
            fail_usage("a block has 1 to ", kMostBlockBytes, " bytes, not ", block_bytes);
        }
        if (streams && (*streams < 1 || *streams > kMostStreams)) {
            fail_usage("a block has 1 to ", kMostStreams, " streams, not ", *streams);
        }
        check_reset(model.model.config, reset_every);
    }
    // Streams of a block of `bytes` >= 1.
    [[nodiscard]] std::size_t streams_of(std::size_t bytes) const {
        return std::min(streams.value_or(default_streams(bytes)), bytes);
    }

    PackedModel packed;
    std::uint64_t block_bytes;
    std::optional<std::size_t> streams;
    std::uint64_t reset_every;
};

std::uint64_t size_of(const BlockHeader& header) {
    return block_header_bytes(header).size() + header.payload_bytes();
}

// The header of a coded block, or of a stored one when coding does not make the block smaller.
BlockHeader block_header(std::uint64_t plain_bytes, std::uint64_t plain_hash,
                         std::vector<std::uint64_t> stream_bytes, BlockKind kind = BlockKind::coded) {
    const BlockHeader stored{BlockKind::stored, plain_bytes, {}, plain_hash};
    if (stream_bytes.empty()) {
        return stored;
    }
    BlockHeader coded{kind, plain_bytes, std::move(stream_bytes), plain_hash};
    // The streams together are below the plain length in any case: a reader relies on it.
    return size_of(coded) < size_of(stored) ? coded : stored;
}

struct CodedBlock {
    BlockHeader header;
    std::vector<Bytes> payloads;  // of streams or pieces; none when stored
};

CodedBlock with_payloads(ByteSpan plain, std::uint64_t plain_hash, std::vector<Bytes> payloads,
                         BlockKind kind) {
    std::vector<std::uint64_t> lengths;
    for (const Bytes& payload : payloads) {
        lengths.push_back(payload.size());
    }
    return {block_header(plain.size(), plain_hash, std::move(lengths), kind), std::move(payloads)};
}

std::vector<Bytes> encode_pieces(ByteSpan plain, const BlockProgress& progress) {
    std::vector<Bytes> payloads(mixed_streams(plain.size()));
    for_parts(plain.size(), payloads.size(), progress,
              [&](std::size_t i, std::size_t begin, std::size_t bytes, const auto& advance) {
                  payloads[i] = encode_mixed(plain.subspan(begin, bytes), advance);
              });
    return payloads;
}

CodedBlock code_block(const Plan& plan, const CompressOptions& options, ByteSpan plain,
                      const BlockProgress& progress) {
    const std::uint64_t plain_hash = hash64(plain);
    CodedBlock block{block_header(plain.size(), plain_hash, {}), {}};
    if (codable(plan.packed.config(), plain)) {
        block = with_payloads(
            plain, plain_hash,
            encode_streams(plan.packed, plan.reset_every, plain, plan.streams_of(plain.size()), progress),
            BlockKind::coded);
    }
    const bool stored = block.header.kind == BlockKind::stored;
    if (options.fallback == Fallback::best || (options.fallback == Fallback::worse && stored)) {
        // After the model's code, which counted up to the block's end, the count stays there.
        BlockProgress waiting = progress;
        if (progress && !stored) {
            waiting = [&progress, &plain, payload = block.header.payload_bytes()](
                          std::uint64_t, std::uint64_t) { progress(plain.size(), payload); };
        }
        CodedBlock mixed = with_payloads(plain, plain_hash, encode_pieces(plain, waiting), BlockKind::mixed);
        if (size_of(mixed.header) < size_of(block.header)) {
            return mixed;
        }
    }
    return block;
}

// Up to `most` bytes, in pieces that grow with what arrives.
Bytes read_block(const ByteSource& source, std::uint64_t most) {
    constexpr std::uint64_t kPieceBytes = 1 << 20;
    Bytes block;
    while (block.size() < most) {
        const std::size_t before = block.size();
        block.resize(static_cast<std::size_t>(std::min(before + kPieceBytes, most)));
        const std::size_t count = source(std::span(block).subspan(before));
        if (before + count < block.size()) {
            block.resize(before + count);
            break;
        }
    }
    return block;
}

// A block's progress as the whole work's. `progress` may be empty.
BlockProgress within(const CodecProgress& progress, std::uint64_t plain_before,
                     std::uint64_t archive_before) {
    if (!progress) {
        return {};
    }
    return [&progress, plain_before, archive_before](std::uint64_t plain, std::uint64_t payload) {
        progress(plain_before + plain, archive_before + payload);
    };
}

// Ideal code length in bits of the data's chunks, each from an empty context; done(bytes, bits) follows each,
// and ends the work when false.
template <class Done>
double chunk_run_bits(const PackedModel& model, ByteSpan data, std::size_t chunk_bytes, bool one_scorer,
                      const Done& done) {
    const ModelConfig& config = model.config();
    std::vector<std::uint32_t> frequency(config.alphabet);
    std::vector<Symbol> symbols(Scorer::kMostPositions);
    std::optional<Scorer> scorer;
    double bits = 0;
    for (std::size_t begin = 0; begin < data.size(); begin += chunk_bytes) {
        const ByteSpan chunk = data.subspan(begin, std::min(chunk_bytes, data.size() - begin));
        const double before = bits;
        if (!scorer || !one_scorer) {
            scorer.emplace(model, one_scorer ? chunk_bytes : default_reset(config));
        }
        for (std::size_t from = 0; from < chunk.size(); from += symbols.size()) {
            const ByteSpan part = chunk.subspan(from, std::min(symbols.size(), chunk.size() - from));
            std::copy(part.begin(), part.end(), symbols.begin());
            const float* logits = scorer->score(std::span(symbols).first(part.size()));  // [part, V]
            for (std::size_t i = 0; i < part.size(); ++i) {
                frequencies_of({logits + i * config.alphabet, config.alphabet}, frequency);
                bits += symbol_bits(frequency, symbols[i]);
            }
        }
        if (!done(chunk.size(), bits - before)) {
            break;
        }
    }
    return bits;
}

}  // namespace

CodecSummary compress(const StoredModel& model, const CompressOptions& options, const ByteSource& source,
                      const ByteSink& sink) {
    const FloatStateGuard guard;
    const Plan plan(model, options);
    const Bytes embedded =
        options.embed_model ? encode_model(model.model, model.precision, nullptr) : Bytes{};
    // Read before anything is written, and not again after a short block, which is the last: with -c a >> a,
    // what is written is read.
    Bytes plain = read_block(source, plan.block_bytes);
    ArchiveWriter writer(sink, {kArithmeticVersion, model.id, plan.reset_every, 0}, embedded);
    CodecSummary summary;
    summary.model_bytes = embedded.size();
    while (!plain.empty()) {
        const CodedBlock block = code_block(plan, options, plain,
                                            within(options.progress, summary.plain_bytes, writer.position()));
        std::vector<ByteSpan> pieces(block.payloads.begin(), block.payloads.end());
        if (block.header.kind == BlockKind::stored) {
            pieces.assign(1, plain);
        }
        writer.block(block.header, pieces);
        count_block(summary, block.header);
        if (options.progress) {
            options.progress(summary.plain_bytes, writer.position());
        }
        plain = plain.size() < plan.block_bytes ? Bytes{} : read_block(source, plan.block_bytes);
    }
    writer.finish();
    summary.archive_bytes = writer.position();
    return summary;
}

Estimate estimate(const StoredModel& model, const CompressOptions& options, ByteSpan data) {
    const FloatStateGuard guard;
    const Plan plan(model, options);
    const std::uint64_t model_bytes = options.embed_model ? model.stored_bytes : 0;
    Estimate result;
    result.plain_bytes = data.size();
    std::uint64_t position =
        header_bytes({kArithmeticVersion, model.id, plan.reset_every, model_bytes}).size() + model_bytes;
    std::vector<IndexEntry> index;
    for (std::size_t begin = 0; begin < data.size(); begin += plan.block_bytes) {
        const ByteSpan plain =
            data.subspan(begin, std::min<std::size_t>(plan.block_bytes, data.size() - begin));
        std::vector<std::uint64_t> stream_bytes;
        double bits = 0;
        if (codable(model.model.config, plain)) {
            for (const double stream :
                 stream_bits(plan.packed, plan.reset_every, plain, plan.streams_of(plain.size()),
                             within(options.progress, begin, position))) {
                stream_bytes.push_back(static_cast<std::uint64_t>(std::ceil(stream / 8)));
                bits += stream;
            }
        }
        const BlockHeader header = block_header(plain.size(), 0, std::move(stream_bytes));
        result.code_bits += header.kind == BlockKind::coded ? bits : 8.0 * static_cast<double>(plain.size());
        result.streams += header.stream_bytes.size();
        index.push_back(
            {block_header_bytes(header).size() + header.payload_bytes() + kBlockCheckBytes, plain.size()});
        position += index.back().archive_bytes;
        if (options.progress) {
            options.progress(begin + plain.size(), position);
        }
    }
    result.archive_bytes = static_cast<double>(position + trailer_bytes(index).size());
    return result;
}

double chunked_bits(const StoredModel& model, ByteSpan data, std::size_t chunk_bytes,
                    const CodecProgress& progress) {
    const FloatStateGuard guard;
    if (chunk_bytes < 1) {
        fail_usage("a chunk has at least 1 byte");
    }
    const ModelConfig& config = model.model.config;
    if (!codable(config, data)) {
        fail("the data hold bytes outside the model's alphabet of ", config.alphabet,
             "; use a model that was trained on such data");
    }
    check_context_memory(config);
    const PackedModel packed(model.model, PackFor::inference);
    // A scorer that forgets at every chunk's end serves many chunks; a vanilla model cannot when the chunk is
    // longer than its context, where it also forgets inside the chunk.
    const bool one_scorer = config.architecture != Architecture::vanilla || chunk_bytes <= config.context;
    constexpr std::size_t kRunChunks = 16;
    chunk_bytes = std::min(chunk_bytes, std::max<std::size_t>(data.size(), 1));
    const std::size_t run_bytes = kRunChunks * chunk_bytes;
    std::vector<double> run_bits((data.size() + run_bytes - 1) / run_bytes, 0.0);
    Reporter reporter(progress);
    parallel_for(run_bits.size(), [&](std::size_t run) {
        const ByteSpan part =
            data.subspan(run * run_bytes, std::min(run_bytes, data.size() - run * run_bytes));
        reporter.run([&] {
            run_bits[run] =
                chunk_run_bits(packed, part, chunk_bytes, one_scorer, [&](std::size_t bytes, double bits) {
                    return reporter.add(bytes, static_cast<std::size_t>(bits / 8 + 0.5));
                });
        });
    });
    reporter.finish();
    double bits = 0;
    for (const double part : run_bits) {
        bits += part;
    }
    return bits;
}

}  // namespace bitlaw::coding
