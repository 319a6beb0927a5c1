#pragma once
/// \file Symbols and the bytes that they stand for.

#include <cstdint>
#include <span>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::symbols {

/// V symbols, of which number i is the byte i: with V < 256 the larger bytes have no symbol, and with V > 256
/// the larger symbols have no byte.
class Alphabet {
   public:
    explicit Alphabet(std::uint32_t size = 256) : size_(size) {}

    /// V.
    [[nodiscard]] std::uint32_t size() const { return size_; }
    /// Offset of the first byte that has no symbol; bytes.size() when all have one.
    [[nodiscard]] std::size_t first_foreign(ByteSpan bytes) const;
    /// The symbols of bytes that all have one: [n] to [n].
    void encode(ByteSpan bytes, std::span<Symbol> symbols) const;
    /// The bytes of symbols: [n] to [n]. Throws Error for one that has no byte.
    void decode(std::span<const Symbol> symbols, std::span<std::uint8_t> bytes) const;

   private:
    std::uint32_t size_;
};

}  // namespace bitlaw::symbols
