#pragma once
/// \file Expert: the word so far, the words before it, and where in the text it stands. Class A.

#include <array>
#include <cstdint>

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// One stream's words. Letters and bytes from 128 up make words, capitals counting as small letters.
class Words {
   public:
    static constexpr std::size_t kContexts = 5;

    void accept(std::uint8_t byte);
    /// The word so far, with the last byte (alone it is the fast set's context); with the word before it;
    /// with the second last word; with both; with the word before it and the gap between them.
    void add_contexts(const Past& past, std::size_t first_id, bool full, ContextList& contexts) const;

    /// Hash of the letters so far, 0 outside of a word.
    [[nodiscard]] std::uint64_t word() const { return word_; }
    [[nodiscard]] std::uint64_t before() const { return before_[0]; }
    /// Letters so far.
    [[nodiscard]] std::uint32_t length() const { return length_; }

   private:
    std::uint64_t word_ = 0;
    std::array<std::uint64_t, 3> before_{};  // of the words before, the latest first
    std::uint64_t gap_ = 0;                  // of what stands since the last word's end
    std::uint32_t length_ = 0;
};

}  // namespace bitlaw::predict
