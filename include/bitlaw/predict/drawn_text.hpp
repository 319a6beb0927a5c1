#pragma once
/// \file Text that a predictor writes. Class A: a seed gives the same bytes everywhere.

#include <cstddef>
#include <cstdint>
#include <functional>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/predict/drawer.hpp"
#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::predict {

/// One stream of a predictor, asked for one symbol at a time.
class SymbolStream {
   public:
    /// Begins a stream of at most `length` symbols.
    SymbolStream(Predictor& predictor, std::size_t length);
    /// The next symbol, which the coder says: `known`, or another that it draws.
    symbols::Symbol next(Coder& coder, symbols::Symbol known);

   private:
    Predictor& predictor_;
};

/// Throws UsageError for a byte of a prompt that an alphabet of bytes lacks.
void require_in_alphabet(ByteSpan prompt, std::size_t alphabet);

/// Begins one stream, reads the prompt, and calls write(byte) for each of `bytes` bytes drawn behind it, one
/// after another. The predictor's symbols must be bytes. Throws as require_in_alphabet() does, before it
/// begins.
void draw_text(Predictor& predictor, ByteSpan prompt, std::uint64_t bytes, Drawer& drawer,
               const std::function<void(std::uint8_t)>& write);

}  // namespace bitlaw::predict
