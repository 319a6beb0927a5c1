#include "bitlaw/coding/mixed.hpp"

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

}  // namespace bitlaw::coding
