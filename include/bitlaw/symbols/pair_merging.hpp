#pragma once
/// \file Vocabularies made of data: byte-pair encodings (Gage 1994; Sennrich et al. 2016) and the bytes that
/// occur. Whole numbers only: the same vocabulary on every machine. Exactness class A.

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::symbols {

/// Symbol 0, and a symbol for each byte: no joined vocabulary has fewer.
inline constexpr std::uint32_t kByteSymbols = 257;

/// The pieces that texts are cut into, each with how often it occurs.
class PieceCounts {
   public:
    explicit PieceCounts(TextCut cut) : cut_(cut) {}

    /// Cuts and counts a text, which must outlive the object; `watch` is called with the bytes done, about
    /// every megabyte. Throws Error when the different pieces would take more than 2 GiB on their way to a
    /// vocabulary.
    void add(ByteSpan text, const std::function<void(std::uint64_t)>& watch = {});

    [[nodiscard]] TextCut cut() const { return cut_; }
    [[nodiscard]] const std::unordered_map<std::string_view, std::uint64_t>& counts() const {
        return counts_;
    }

   private:
    TextCut cut_;
    std::unordered_map<std::string_view, std::uint64_t> counts_;
    std::uint64_t memory_ = 0;  // that joined_vocabulary() will need
};

/// The byte-pair encoding of `size` symbols (from kByteSymbols on): 0, the 256 bytes, and then again and
/// again the two neighbours that occur most often in the pieces become one symbol, of equally many the
/// smaller left one, then the smaller right one. Pairs that occur once are not joined, nor those that spell a
/// token that is there already or one of more than kMaxTokenBytes: then there are fewer symbols. `watch` is
/// called with the number of symbols after each. n log n in the bytes of the different pieces.
[[nodiscard]] Vocabulary joined_vocabulary(const PieceCounts& pieces, std::uint32_t size,
                                           const std::function<void(std::uint32_t)>& watch = {});

/// Which byte values occur in a text, added to those that are known.
void note_bytes(ByteSpan text, std::array<bool, 256>& occurs);

/// The alphabet cut to the bytes that occur: symbol 0, the escape, and a symbol for each of them, ascending.
/// Throws Error when none occurs.
[[nodiscard]] Vocabulary byte_vocabulary(const std::array<bool, 256>& occurs);

}  // namespace bitlaw::symbols
