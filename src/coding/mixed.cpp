#include "bitlaw/coding/mixed.hpp"

#include <algorithm>

#include "bitlaw/coding/codec.hpp"

namespace bitlaw::coding {

void mix_with(CompressOptions& options, const predict::MixingOptions& mixing) {
    predict::validate(mixing);
    options.method = kMixing;
    options.stack.mixer = {static_cast<std::uint64_t>(mixing.set), predict::encode_mixing(mixing)};
    options.alternative.reset();
    if (options.stack.source != NetworkSource::none && options.fallback != Fallback::never) {
        options.alternative = Stack{.mixer = options.stack.mixer};
    }
}

predict::MixingOptions mixing_for(predict::ExpertSet set, std::uint64_t bytes) {
    return {.set = set, .bytes = std::clamp<std::uint64_t>(bytes, 1, predict::kMaxMixingBytes)};
}

std::uint64_t mixed_bytes(const model::StoredModel* network, const predict::MixingOptions& mixing,
                          ByteSpan plain, const CodecProgress& progress) {
    CompressOptions options;
    options.progress = progress;
    options.stack.source = network == nullptr ? NetworkSource::none : NetworkSource::model;
    mix_with(options, mixing);
    return compress(network, options, source_of(plain), [](ByteSpan) {}).archive_bytes;
}

}  // namespace bitlaw::coding
