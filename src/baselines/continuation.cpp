#include "bitlaw/baselines/continuation.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"

namespace bitlaw::baselines {

namespace {

// All distinct w, in the order of their bytes, which does not depend on where they stand in the text.
std::vector<Bytes> candidates_for(ByteSpan text, std::size_t look_ahead) {
    std::vector<Bytes> candidates;
    if (look_ahead == 1 || text.size() < look_ahead) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            candidates.push_back({static_cast<std::uint8_t>(byte)});
        }
        return candidates;
    }
    for (std::size_t i = 0; i + look_ahead <= text.size(); ++i) {
        const ByteSpan piece = text.subspan(i, look_ahead);
        candidates.emplace_back(piece.begin(), piece.end());
    }
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    return candidates;
}

// |C(x w)| of each w.
std::vector<std::uint64_t> lengths_of(const Compressor& compressor, ByteSpan text,
                                      const std::vector<Bytes>& candidates) {
    std::vector<Bytes> texts(candidates.size(), Bytes(text.begin(), text.end()));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i].insert(texts[i].end(), candidates[i].begin(), candidates[i].end());
    }
    if (compressor.sizes) {
        return compressor.sizes(texts);
    }
    std::vector<std::uint64_t> lengths(texts.size());
    parallel_for(texts.size(), [&](std::size_t i) {
        lengths[i] = compressor.compress(texts[i], {}, [](std::uint64_t) {}).size();
    });
    return lengths;
}

std::size_t drawn(const std::vector<std::uint64_t>& lengths, double temperature, Random& random) {
    const auto shortest = std::min_element(lengths.begin(), lengths.end());
    if (temperature == 0) {
        return static_cast<std::size_t>(shortest - lengths.begin());
    }
    // Whole numbers: at most kContinuedBytes weights of up to 2^40 have a sum below 2^53.
    constexpr double kWholeBits = 40;
    std::vector<std::uint64_t> weights(lengths.size());
    std::transform(lengths.begin(), lengths.end(), weights.begin(), [&](std::uint64_t length) {
        const double bits = 8 * static_cast<double>(length - *shortest) / temperature;
        return static_cast<std::uint64_t>(exact_exp2(std::max(kWholeBits - bits, -1.0)));
    });
    std::uint64_t place = random.below(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
    std::size_t chosen = 0;
    while (place >= weights[chosen]) {
        place -= weights[chosen++];
    }
    return chosen;
}

}  // namespace

void draw_continuation(const Compressor& compressor, ByteSpan prompt, std::uint64_t bytes,
                       const ContinuationOptions& options, const std::function<void(ByteSpan)>& write,
                       const std::function<void()>& watch) {
    BITLAW_ASSERT(options.look_ahead >= 1 && options.look_ahead <= kContinuedBytes);
    Bytes text(prompt.begin(), prompt.end());
    Random random(options.seed);
    while (bytes > 0) {
        watch();
        const ByteSpan seen = ByteSpan(text).last(std::min(text.size(), kContinuedBytes));
        const std::vector<Bytes> candidates = candidates_for(seen, options.look_ahead);
        const std::size_t chosen =
            drawn(lengths_of(compressor, seen, candidates), options.temperature, random);
        const ByteSpan next =
            ByteSpan(candidates[chosen]).first(std::min<std::size_t>(candidates[chosen].size(), bytes));
        write(next);
        bytes -= next.size();
        text.insert(text.end(), next.begin(), next.end());
    }
}

}  // namespace bitlaw::baselines
