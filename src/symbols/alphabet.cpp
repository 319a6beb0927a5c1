#include "bitlaw/symbols/alphabet.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"

namespace bitlaw::symbols {

std::size_t Alphabet::first_foreign(ByteSpan bytes) const {
    if (size_ >= 256) {
        return bytes.size();
    }
    const auto found =
        std::find_if(bytes.begin(), bytes.end(), [&](std::uint8_t byte) { return byte >= size_; });
    return static_cast<std::size_t>(found - bytes.begin());
}

void Alphabet::encode(ByteSpan bytes, std::span<Symbol> symbols) const {
    BITLAW_ASSERT(bytes.size() == symbols.size());
    std::copy(bytes.begin(), bytes.end(), symbols.begin());
}

void Alphabet::decode(std::span<const Symbol> symbols, std::span<std::uint8_t> bytes) const {
    BITLAW_ASSERT(bytes.size() == symbols.size());
    for (std::size_t i = 0; i < symbols.size(); ++i) {
        if (symbols[i] >= std::min(size_, 256U)) {
            fail("symbol ", symbols[i], " of an alphabet of ", size_, " stands for no byte");
        }
        bytes[i] = static_cast<std::uint8_t>(symbols[i]);
    }
}

}  // namespace bitlaw::symbols
