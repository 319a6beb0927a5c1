#pragma once
/// \file Models and tokenizers of llama2.c (github.com/karpathy/llama2.c): its first format, in fp32.

#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::interop {

/// Seven `i32` (C, F, L, H, Hkv, V, K; V below 0: an output of its own), then all tensors. Rotary positions
/// turn neighbours, the norms' epsilon is 1e-5. Symbol 1 is the start of a context. Throws Error with `name`
/// for anything else, before it allocates.
[[nodiscard]] model::Model read_llama2c(ByteSpan file, const std::string& name);

/// `i32` longest token, then for each of `alphabet` tokens its score (`f32`), its length (`i32`) and its
/// bytes. Symbols 0 to 2 are special, "<0xHH>" is a byte. Throws Error with `name` in it.
[[nodiscard]] symbols::Vocabulary read_llama2c_tokenizer(ByteSpan file, std::uint32_t alphabet,
                                                         const std::string& name);

/// The byte that a token such as "<0x0A>" stands for; -1 for any other.
[[nodiscard]] int byte_of_token(std::string_view token);

}  // namespace bitlaw::interop
