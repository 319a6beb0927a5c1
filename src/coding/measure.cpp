#include "bitlaw/coding/measure.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "block_plan.hpp"
#include "reporter.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;
using namespace symbols;

namespace {

// Ideal code length of the data's chunks, each a stream of its own; done(bytes, bits) follows each, and ends
// the work when false.
template <class Done>
double chunk_run_bits(const PredictorMaker& maker, ByteSpan data, std::size_t chunk_bytes, const Done& done) {
    const std::unique_ptr<Predictor> predictor = maker.make();
    StreamMeter meter;
    Coder* const coder = &meter;
    std::vector<Symbol> symbols;
    for (std::size_t begin = 0; begin < data.size(); begin += chunk_bytes) {
        const ByteSpan chunk = data.subspan(begin, std::min(chunk_bytes, data.size() - begin));
        const std::size_t length = chunk.size();
        const double before = meter.bits();
        predictor->begin({&length, 1});
        constexpr std::size_t kPieceBytes = 65536;  // however long the chunk is
        for (std::size_t from = 0; from < length; from += kPieceBytes) {
            const ByteSpan piece = chunk.subspan(from, std::min(kPieceBytes, length - from));
            symbols.assign(piece.begin(), piece.end());
            predictor->score({&coder, 1}, symbols);
        }
        if (!done(length, meter.bits() - before)) {
            break;
        }
    }
    return meter.bits();
}

}  // namespace

Estimate estimate(const StoredModel& model, const CompressOptions& options, ByteSpan data) {
    const FloatStateGuard guard;
    const ModelConfig& config = model.model.config;
    const BlockPlan plan(&config, options);
    const PackedModel packed(model.model, PackFor::inference);
    const PredictorMaker maker = network_predictors(packed, {.reset_every = plan.reset_every});
    const std::uint64_t model_bytes = options.embed_model ? model.stored_bytes : 0;
    Estimate result;
    result.plain_bytes = data.size();
    std::uint64_t position =
        header_bytes({kArithmeticVersion, model.id, plan.reset_every, model_bytes}).size() + model_bytes;
    std::vector<IndexEntry> index;
    for (std::size_t begin = 0; begin < data.size(); begin += plan.block_bytes) {
        const ByteSpan plain =
            data.subspan(begin, std::min<std::size_t>(plan.block_bytes, data.size() - begin));
        BlockHeader header = stored_header(plain.size(), 0);
        double bits = 0;
        if (codable(maker.alphabet, plain)) {
            BlockHeader coded{kNetwork, plain.size(), {}, 0};
            const std::size_t streams =
                std::min(options.streams.value_or(default_streams(plain.size())), plain.size());
            for (const double stream :
                 stream_bits(maker, plain, streams, within(options.progress, begin, position))) {
                coded.stream_bytes.push_back(static_cast<std::uint64_t>(std::ceil(stream / 8)));
                bits += stream;
            }
            header = smaller(std::move(header), std::move(coded), 1);
        }
        result.code_bits += header.method == kNetwork ? bits : 8.0 * static_cast<double>(plain.size());
        result.streams += header.stream_bytes.size();
        index.push_back({size_of(header, 1) + kBlockCheckBytes, plain.size()});
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
    const PackedModel packed(model.model, PackFor::inference);
    const PredictorMaker maker = network_predictors(packed, {.reset_every = default_reset(config)});
    if (!codable(maker.alphabet, data)) {
        fail("the data hold bytes outside the model's alphabet of ", config.alphabet,
             "; use a model that was trained on such data");
    }
    constexpr std::size_t kRunChunks = 16;
    chunk_bytes = std::min(chunk_bytes, std::max<std::size_t>(data.size(), 1));
    const std::size_t run_bytes = kRunChunks * chunk_bytes;
    std::vector<double> run_bits((data.size() + run_bytes - 1) / run_bytes, 0.0);
    Reporter reporter(progress);
    parallel_for(run_bits.size(), [&](std::size_t run) {
        const ByteSpan part =
            data.subspan(run * run_bytes, std::min(run_bytes, data.size() - run * run_bytes));
        reporter.run([&] {
            run_bits[run] = chunk_run_bits(maker, part, chunk_bytes, [&](std::size_t bytes, double bits) {
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
