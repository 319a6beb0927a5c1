#include "bitlaw/coding/codec.hpp"
#include "bitlaw/predict/mixing_options.hpp"
#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace coding;
using namespace predict;

namespace {

// `bitlaw compress -m none --mix full`.
Bytes pack(ByteSpan plain, const CompressorWatch& watch) {
    const MixingOptions mixing{.set = ExpertSet::full,
                               .bytes = std::clamp<std::uint64_t>(plain.size(), 1, kMaxMixingBytes)};
    CompressOptions options;
    options.progress = [&](std::uint64_t done, std::uint64_t) { watch(done); };
    options.method = kMixing;
    options.stack.source = NetworkSource::none;
    options.stack.mixer = {static_cast<std::uint64_t>(mixing.set), encode_mixing(mixing)};
    Bytes packed;
    (void)compress(nullptr, options, source_of(plain), sink_to(packed));
    return packed;
}

Bytes unpack(ByteSpan packed, const CompressorWatch& watch) {
    const ModelFinder no_model = [](std::uint64_t) -> const model::StoredModel& {
        fail("an archive without a model asks for one");
    };
    Bytes plain;
    (void)decompress(no_model, source_of(packed), sink_to(plain),
                     [&](std::uint64_t done, std::uint64_t) { watch(done); });
    return plain;
}

}  // namespace

Compressor own_compressor() {
    return {.key = "bitlaw",
            .name = "bitlaw -m none --mix full",
            .settings = "this program's adaptive experts, mixed, without a model",
            .compress = [](ByteSpan plain, const datasets::DataShape&,
                           const CompressorWatch& watch) { return pack(plain, watch); },
            .restore = [](ByteSpan packed, std::size_t, const datasets::DataShape&,
                          const CompressorWatch& watch) { return unpack(packed, watch); },
            // A chunk of 2,048 bytes would cost the tables of experts for each.
            .chunks = false,
            .program_memory = {}};
}

}  // namespace bitlaw::baselines
