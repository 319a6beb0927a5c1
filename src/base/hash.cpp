#include "bitlaw/base/hash.hpp"

// Inlined, so that nothing links against libxxhash and a cross compiler needs only the header.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bitlaw/base/error.hpp"

namespace bitlaw {

std::uint64_t hash64(ByteSpan data) { return XXH3_64bits(data.data(), data.size()); }

struct Hasher::State {
    XXH3_state_t xxh3;
};

Hasher::Hasher() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh3); }
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(ByteSpan data) {
    BITLAW_ASSERT(state_ != nullptr);
    // An empty span may hold a null pointer, which xxhash takes for an error.
    if (!data.empty()) {
        XXH3_64bits_update(&state_->xxh3, data.data(), data.size());
    }
}

std::uint64_t Hasher::digest() const {
    BITLAW_ASSERT(state_ != nullptr);
    return XXH3_64bits_digest(&state_->xxh3);
}

std::string hex64(std::uint64_t value) {
    std::string text(16, '0');
    for (std::size_t i = 0; i < 16; ++i) {
        text[15 - i] = "0123456789abcdef"[(value >> (4 * i)) & 15];
    }
    return text;
}

}  // namespace bitlaw
