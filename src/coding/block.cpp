#include "bitlaw/coding/block.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/scorer.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "reporter.hpp"

namespace bitlaw::coding {

using namespace entropy;
using namespace symbols;
using namespace kernels;
using namespace model;
using namespace predict;

namespace {

// Streams that the decoder steps together: at least so many that the products have rows to share a weight,
// then no more than keep the group's keys and values in a core's cache. Measured on Zen 5 with the presets
// 200k, 800k and vanilla-200k, which were fastest in groups of 8 to 16, 4 to 8 and 4, with contexts of
// 0.3, 1.1 and 4 MiB a stream. Speed and memory only, never a bit.
constexpr std::size_t kLeastGroup = 4;
constexpr std::size_t kMostGroup = 12;
constexpr double kGroupCacheBytes = 4.0 * 1024 * 1024;
// However large a model's window is, a worker's contexts stay below this, down to one stream.
constexpr double kGroupMemoryBytes = 256.0 * 1024 * 1024;
constexpr double kMostContextBytes = 1024.0 * 1024 * 1024;

// Keys and values of all layers over the window's slots, in fp32.
double context_bytes(const ModelConfig& config) {
    const double slots = static_cast<double>(ring_size(config.window));
    return 2.0 * sizeof(float) * config.layers * config.kv_heads * config.head_width * slots;
}

// As they are stored.
double cached_bytes(const ModelConfig& config) {
    return context_bytes(config) * (config.cache == CachePrecision::bf16 ? 0.5 : 1.0);
}

// Groups that a block's streams are decoded in: a multiple of the threads, so that all end together.
std::size_t group_count(const ModelConfig& config, std::size_t streams) {
    const double bytes = cached_bytes(config);
    const auto in_cache = static_cast<std::size_t>(kGroupCacheBytes / bytes);
    const auto in_memory = static_cast<std::size_t>(kGroupMemoryBytes / bytes);
    const std::size_t group =
        std::max<std::size_t>(1, std::min(std::clamp(in_cache, kLeastGroup, kMostGroup), in_memory));
    const std::size_t threads = thread_count();
    const std::size_t rounds = ((streams + group - 1) / group + threads - 1) / threads;
    return std::min(rounds * threads, streams);
}

// Scores every stream and calls visit(stream, frequencies [V], symbol) for each of its symbols in order; then
// payload_bytes(stream) tells how far its coder is. Streams run in parallel, one stream on one worker.
template <class Visit, class PayloadBytes>
void score_streams(const PackedModel& model, std::uint64_t reset_every, ByteSpan plain, std::size_t streams,
                   const BlockProgress& progress, const Visit& visit, const PayloadBytes& payload_bytes) {
    BITLAW_ASSERT(streams >= 1 && streams <= plain.size());
    check_context_memory(model.config());
    const std::size_t alphabet = model.config().alphabet;
    for_parts(plain.size(), streams, progress,
              [&](std::size_t stream, std::size_t first, std::size_t bytes, const auto& advance) {
                  Scorer scorer(model, reset_every);
                  std::vector<std::uint32_t> frequency(alphabet);
                  std::array<Symbol, Scorer::kMostPositions> symbols;
                  std::size_t before = 0;
                  for (ByteSpan rest = plain.subspan(first, bytes); !rest.empty();) {
                      const ByteSpan part = rest.first(std::min(symbols.size(), rest.size()));
                      std::copy(part.begin(), part.end(), symbols.begin());
                      const float* logits = scorer.score(std::span(symbols).first(part.size()));  // [part, V]
                      for (std::size_t i = 0; i < part.size(); ++i) {
                          frequencies_of({logits + i * alphabet, alphabet}, frequency);
                          visit(stream, std::span<const std::uint32_t>(frequency), symbols[i]);
                      }
                      rest = rest.subspan(part.size());
                      const std::size_t payload = payload_bytes(stream);
                      if (!advance(part.size(), payload - before)) {
                          return;
                      }
                      before = payload;
                  }
              });
}

// Streams first .. first+payloads-1 of a block, stepped together from their first to their last position.
void decode_group(const PackedModel& model, std::uint64_t reset_every, std::span<const ByteSpan> payloads,
                  std::size_t first, std::size_t size, std::span<std::uint8_t> plain, Reporter& reporter) {
    const std::size_t alphabet = model.config().alphabet;
    std::vector<RangeDecoder> coders;
    std::vector<std::span<std::uint8_t>> parts;
    std::size_t longest = 0;
    for (std::size_t stream = first; stream < first + size; ++stream) {
        const std::size_t begin = stream_begin(plain.size(), payloads.size(), stream);
        const std::size_t end = stream_begin(plain.size(), payloads.size(), stream + 1);
        parts.push_back(plain.subspan(begin, end - begin));
        coders.emplace_back(payloads[stream]);
        longest = std::max(longest, end - begin);
    }
    Stepper stepper(model, size, reset_every);
    std::vector<std::uint32_t> frequency(alphabet);
    std::vector<Symbol> symbols(size, kStartSymbol);
    std::size_t before = 0;
    for (std::size_t position = 0; position < longest; ++position) {
        const float* logits = stepper.predict();  // [size, V]
        std::size_t decoded = 0;
        std::size_t payload = 0;
        for (std::size_t i = 0; i < size; ++i) {
            payload += coders[i].position();
            if (position >= parts[i].size()) {
                symbols[i] = kStartSymbol;  // shorter by one than others: it idles
                continue;
            }
            frequencies_of({logits + i * alphabet, alphabet}, frequency);
            symbols[i] = decode_symbol(coders[i], frequency);
            if (symbols[i] > 255) {
                fail("a symbol of the archive is ", symbols[i],
                     ", which is no byte; it is damaged, so get it again");
            }
            parts[i][position] = static_cast<std::uint8_t>(symbols[i]);
            ++decoded;
        }
        stepper.accept(symbols);
        if (!reporter.add(decoded, payload - before)) {
            return;
        }
        before = payload;
    }
}

}  // namespace

std::size_t default_streams(std::size_t bytes) { return std::clamp<std::size_t>(bytes / 65536, 1, 64); }

std::size_t stream_begin(std::size_t bytes, std::size_t n, std::size_t i) { return i * bytes / n; }

bool codable(const ModelConfig& config, ByteSpan plain) {
    return std::all_of(plain.begin(), plain.end(), [&](std::uint8_t byte) { return byte < config.alphabet; });
}

void check_context_memory(const ModelConfig& config) {
    const double bytes = context_bytes(config);
    if (bytes > kMostContextBytes) {
        fail("one stream of this model needs ", bytes / (1024 * 1024), " MiB of context, and at most ",
             kMostContextBytes / (1024 * 1024), " MiB are allowed; use a model with a smaller window");
    }
}

std::size_t groups_at_once(const ModelConfig& config, std::size_t groups, std::size_t group_streams) {
    const double most = kMostContextBytes / (cached_bytes(config) * static_cast<double>(group_streams));
    // No more than the threads run at the same time anyway; where all of them may, all groups are handed out
    // at once.
    return most >= static_cast<double>(std::min(thread_count(), groups))
               ? groups
               : std::max<std::size_t>(1, static_cast<std::size_t>(most));
}

std::vector<Bytes> encode_streams(const PackedModel& model, std::uint64_t reset_every, ByteSpan plain,
                                  std::size_t streams, const BlockProgress& progress) {
    std::vector<RangeEncoder> coders(streams);
    score_streams(
        model, reset_every, plain, streams, progress,
        [&](std::size_t stream, std::span<const std::uint32_t> frequency, Symbol symbol) {
            encode_symbol(coders[stream], frequency, symbol);
        },
        [&](std::size_t stream) { return coders[stream].size(); });
    std::vector<Bytes> payloads;
    for (RangeEncoder& coder : coders) {
        payloads.push_back(coder.finish());
    }
    return payloads;
}

void decode_streams(const PackedModel& model, std::uint64_t reset_every, std::span<const ByteSpan> payloads,
                    std::span<std::uint8_t> plain, const BlockProgress& progress) {
    BITLAW_ASSERT(!payloads.empty() && payloads.size() <= plain.size());
    check_context_memory(model.config());
    const std::size_t groups = group_count(model.config(), payloads.size());
    Reporter reporter(progress);
    const std::size_t at_once =
        groups_at_once(model.config(), groups, (payloads.size() + groups - 1) / groups);
    for (std::size_t begin = 0; begin < groups; begin += at_once) {
        parallel_for(std::min(at_once, groups - begin), [&](std::size_t index) {
            reporter.run([&] {
                // Cut like streams, so that the groups' sizes differ by at most 1 and all end together.
                const std::size_t first = stream_begin(payloads.size(), groups, begin + index);
                const std::size_t size = stream_begin(payloads.size(), groups, begin + index + 1) - first;
                decode_group(model, reset_every, payloads, first, size, plain, reporter);
            });
        });
    }
}

std::vector<double> stream_bits(const PackedModel& model, std::uint64_t reset_every, ByteSpan plain,
                                std::size_t streams, const BlockProgress& progress) {
    std::vector<double> bits(streams, 0.0);
    score_streams(
        model, reset_every, plain, streams, progress,
        [&](std::size_t stream, std::span<const std::uint32_t> frequency, Symbol symbol) {
            bits[stream] += symbol_bits(frequency, symbol);
        },
        [&](std::size_t stream) { return static_cast<std::size_t>(bits[stream] / 8); });
    return bits;
}

}  // namespace bitlaw::coding
