#pragma once
/// \file Text as symbols of a vocabulary, as the model's own tokenizer cuts it (Sennrich et al. 2016).

#include <memory>
#include <span>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::symbols {

/// Long data are encoded in blocks of so many bytes, each by itself: memory stays bounded, and any number of
/// threads gives the same symbols.
inline constexpr std::size_t kEncodedBlock = std::size_t{1} << 20;

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

/// The symbols of data of any length, block by block, on all threads. No space is put before them. Class A.
[[nodiscard]] std::vector<Symbol> encode_blocks(const Tokenizer& tokenizer, ByteSpan data);

/// The end of the piece of `text` that begins at `begin`.
[[nodiscard]] std::size_t piece_end(ByteSpan text, std::size_t begin, TextCut cut);

}  // namespace bitlaw::symbols
