#pragma once
/// \file The tokens of a model: what bytes each symbol stands for, and how text is cut into them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::symbols {

/// Bounds of what a file may hold.
inline constexpr std::uint32_t kMaxVocabulary = 131'072;
inline constexpr std::size_t kMaxTokenBytes = 1024;
inline constexpr std::size_t kMaxVocabularyBytes = std::size_t{1} << 24;

/// Where text is cut before tokens are joined; no token crosses a cut. Letters are those of ASCII and all
/// bytes from 128 on. Files hold the numbers.
enum class TextCut : std::uint8_t {
    none = 0,     ///< nowhere; long text before a space, about every 16 KiB
    words = 1,    ///< words, numbers and signs, each with a space before it; blanks (GPT-2)
    digits = 2,   ///< the same, with every digit alone
    triples = 3,  ///< words with any one sign before them, three digits at a time, line ends apart (Llama 3)
};

/// "words" and so on.
[[nodiscard]] const char* text_cut_name(TextCut cut);

/// Two symbols that become one.
struct Merge {
    Symbol left;
    Symbol right;
    bool operator==(const Merge&) const = default;
};

/// V symbols and the bytes that they stand for. A symbol without bytes is special: symbol 0 is the start of a
/// context, and the next one is the escape, behind which a byte without a symbol of its own follows as it is.
/// Of symbols with equal bytes the last one is written; all are read.
class Vocabulary {
   public:
    Vocabulary() = default;
    /// Throws Error when bounds are broken: 2 .. kMaxVocabulary tokens of at most kMaxTokenBytes, symbol 0
    /// without bytes, `ranks` one a symbol or empty, merges of symbols that have bytes and that join to a
    /// token.
    Vocabulary(const std::vector<Bytes>& tokens, TextCut cut, bool leading_space,
               std::vector<std::uint32_t> ranks, std::vector<Merge> merges);

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }
    /// The bytes of a symbol < size(); none for a special one.
    [[nodiscard]] ByteSpan bytes(Symbol symbol) const {
        const std::size_t begin = symbol == 0 ? 0 : ends_[symbol - 1];
        return ByteSpan(bytes_).subspan(begin, ends_[symbol] - begin);
    }
    /// The bytes of a text that a symbol of it covers: its own, and one behind an escape.
    [[nodiscard]] std::size_t covered(Symbol symbol) const {
        const std::size_t size = bytes(symbol).size();
        return size == 0 ? 1 : size;
    }
    [[nodiscard]] TextCut cut() const { return cut_; }
    /// A space is put before a text, and taken away again.
    [[nodiscard]] bool leading_space() const { return leading_space_; }
    /// Without merges: of two neighbours that join to a token those with the smallest rank of the token join
    /// first [V]. Empty: a token's rank is its number.
    [[nodiscard]] std::span<const std::uint32_t> ranks() const { return ranks_; }
    /// Pairs that join, the first ones first; empty: any that join to a token.
    [[nodiscard]] std::span<const Merge> merges() const { return merges_; }
    /// The symbol behind which a byte follows as it is: the first one after 0 without bytes, or 0.
    [[nodiscard]] Symbol escape() const { return escape_; }

    /// Whether it is 0, the 256 bytes in their order, and then what each merge joins: then the merges alone
    /// say all, and are all that encode() writes.
    [[nodiscard]] bool is_joined() const;

    /// Bytes of a model file's section (docs/FORMAT.md), and back; both bounded. Throws Error with `name` in
    /// it.
    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] static Vocabulary decode(ByteSpan bytes, const std::string& name);

   private:
    Bytes bytes_;                      // of all tokens, one after the other
    std::vector<std::uint32_t> ends_;  // [V]
    TextCut cut_ = TextCut::none;
    bool leading_space_ = false;
    std::vector<std::uint32_t> ranks_;  // [V], or none
    std::vector<Merge> merges_;
    Symbol escape_ = 0;
};

}  // namespace bitlaw::symbols
