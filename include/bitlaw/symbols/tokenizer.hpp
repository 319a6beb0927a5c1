#pragma once
/// \file Text as symbols of a vocabulary, as the model's own tokenizer cuts it (Sennrich et al. 2016).

#include <memory>
#include <span>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::symbols {

/// Tables made of a vocabulary; immutable, for any number of threads. n log n in the length of a text.
class Tokenizer {
   public:
    explicit Tokenizer(std::shared_ptr<const Vocabulary> vocabulary);
    ~Tokenizer();
    [[nodiscard]] const Vocabulary& vocabulary() const { return *vocabulary_; }

    /// What a text becomes before it is cut: itself, behind a space where the vocabulary says so.
    [[nodiscard]] Bytes with_space(ByteSpan text) const;
    /// The symbols of `text`, which with_space() gave. Each stands for its bytes, or is the escape of one
    /// byte: together they cover the text.
    [[nodiscard]] std::vector<Symbol> encode(ByteSpan text) const;

   private:
    struct Tables;
    void join(ByteSpan text, std::vector<Symbol>& out) const;
    std::shared_ptr<const Vocabulary> vocabulary_;
    std::unique_ptr<const Tables> tables_;
};

/// The end of the piece of `text` that begins at `begin`.
[[nodiscard]] std::size_t piece_end(ByteSpan text, std::size_t begin, TextCut cut);

}  // namespace bitlaw::symbols
