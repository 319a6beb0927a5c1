#include "bitlaw/predict/experts/indirect.hpp"

namespace bitlaw::predict {

Indirect::Indirect() : after_one_(256, 0), after_two_(65536, 0) {}

void Indirect::accept(const Past& past) {
    const std::uint32_t byte = past.last & 0xFF;
    std::uint32_t& one = after_one_[past.last >> 8 & 0xFF];
    std::uint32_t& two = after_two_[past.last >> 8 & 0xFFFF];
    one = one << 8 | byte;
    two = two << 8 | byte;
}

void Indirect::add_contexts(const Past& past, std::size_t first_id, ContextList& contexts) const {
    const std::uint64_t newest = past.last & 0xFF;
    const std::uint32_t one = after_one_[newest];
    const std::uint32_t two = after_two_[past.last & 0xFFFF];
    contexts.add(first_id, newest << 16 | (one & 0xFFFF));
    contexts.add(first_id + 1, newest << 24 | (two & 0xFFFFFF));
}

}  // namespace bitlaw::predict
