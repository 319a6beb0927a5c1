#pragma once
/// \file tokenizer.model of SentencePiece (github.com/google/sentencepiece): byte-pair encodings. Of the
/// protocol buffer only what is needed is read: pieces with their scores and types, the kind of model, and
/// whether a space stands before a text.

#include <optional>
#include <string>

#include "bitlaw/interop/foreign_llama.hpp"

namespace bitlaw::interop {

struct SentencePieceModel {
    ForeignVocabulary vocabulary;
    std::optional<symbols::Symbol> start;  ///< the token that begins a context; nothing: there is none
};

/// Whether a file begins as such a model does, with its first piece.
[[nodiscard]] bool is_sentencepiece(ByteSpan file);

/// Throws Error with `name` in it for models of another kind (unigram, words, characters), and for files that
/// are none or damaged. Memory grows with what is there.
[[nodiscard]] SentencePieceModel read_sentencepiece(ByteSpan file, const std::string& name);

/// The token of `name` and the symbols of its model, with `start` or its own as symbol 0.
[[nodiscard]] symbols::Vocabulary sentencepiece_vocabulary(ByteSpan file, std::uint32_t alphabet,
                                                           std::optional<symbols::Symbol> start,
                                                           const std::string& name);

}  // namespace bitlaw::interop
