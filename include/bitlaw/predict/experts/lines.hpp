#pragma once
/// \file Expert: lines of text: the column, what stands above, how the line began, kinds of characters; and
/// the tag that is open, for XML. Class A.

#include <array>
#include <cstdint>

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// One stream's lines and tags.
class Lines {
   public:
    void accept(const Past& past);
    /// Contexts: column and the byte above; the line's first bytes with the word; kinds of the last eight
    /// characters with the last byte; the open tag and the
    /// last one with the word.
    void add_contexts(const Past& past, std::size_t first_id, std::uint64_t word,
                      ContextList& contexts) const;
    /// Kinds of the last sixteen characters, 4 bits each, the newest in the lowest bits.
    [[nodiscard]] std::uint64_t kinds() const { return kinds_; }

   private:
    static constexpr std::size_t kDepth = 32;
    void accept_tag(std::uint8_t byte);

    std::uint64_t kinds_ = 0;
    std::uint32_t start_ = 0;  // place of the line's first byte
    std::uint32_t start_above_ = 0;
    std::uint32_t beginning_ = 0;               // the line's first two bytes
    std::array<std::uint32_t, kDepth> tags_{};  // hashes of open tags' names
    std::uint32_t depth_ = 0;
    std::uint32_t name_ = 0;  // hash of the name so far, while a tag's name is being read
    enum class In : std::uint8_t { text, name, attributes } in_ = In::text;
    bool closing_ = false;
};

}  // namespace bitlaw::predict
