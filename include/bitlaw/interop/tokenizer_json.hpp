#pragma once
/// \file tokenizer.json of Hugging Face's tokenizers: byte-pair encodings, of bytes or of SentencePiece's
/// characters.

#include <string>
#include <string_view>

#include "bitlaw/interop/foreign_llama.hpp"

namespace bitlaw::interop {

/// Tokens, merges, and how text is cut: of its regular expression only the kind is read (symbols::TextCut).
/// Added tokens are special. Throws Error with `name` in it for any other kind of tokenizer.
[[nodiscard]] ForeignVocabulary read_tokenizer_json(std::string_view text, const std::string& name);

}  // namespace bitlaw::interop
