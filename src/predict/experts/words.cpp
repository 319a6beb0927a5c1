#include "bitlaw/predict/experts/words.hpp"

namespace bitlaw::predict {

void Words::accept(std::uint8_t byte) {
    const bool capital = byte >= 'A' && byte <= 'Z';
    if (capital || (byte >= 'a' && byte <= 'z') || byte >= 128) {
        word_ = joined(word_, capital ? byte + 32U : byte);
    } else if (word_ != 0) {
        before_ = {word_, before_[0]};
        word_ = 0;
    }
}

void Words::add_contexts(const Past& past, bool full, ContextList& contexts) const {
    const std::uint64_t newest = past.last & 0xFF;
    contexts.add(joined(word_, newest));
    if (full) {
        contexts.add(joined(joined(word_, before_[0]), newest));
        contexts.add(joined(joined(word_, before_[1]), newest + 256));
    }
}

}  // namespace bitlaw::predict
