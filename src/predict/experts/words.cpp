#include "bitlaw/predict/experts/words.hpp"

namespace bitlaw::predict {

void Words::accept(std::uint8_t byte) {
    const bool capital = byte >= 'A' && byte <= 'Z';
    if (capital || (byte >= 'a' && byte <= 'z') || byte >= 128) {
        word_ = joined(word_, capital ? byte + 32U : byte);
        ++length_;
        return;
    }
    if (word_ != 0) {
        before_ = {word_, before_[0], before_[1]};
        word_ = 0;
        gap_ = 0;
        length_ = 0;
    }
    gap_ = joined(gap_, byte);
}

void Words::add_contexts(const Past& past, std::size_t first_id, bool full, ContextList& contexts) const {
    const std::uint64_t newest = past.last & 0xFF;
    contexts.add_own(first_id, joined(word_, newest));
    if (full) {
        contexts.add(first_id + 1, joined(word_, before_[0], newest));
        contexts.add(first_id + 2, joined(word_, before_[1], newest));
        contexts.add(first_id + 3, joined(word_, before_[0], before_[1], newest));
        contexts.add(first_id + 4, joined(word_, gap_, before_[2]));
    }
}

}  // namespace bitlaw::predict
