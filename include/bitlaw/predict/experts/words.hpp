#pragma once
/// \file Expert: the word so far, and the words before it.

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// One stream's words. Letters and bytes from 128 up make words, capitals counting as small letters.
class Words {
   public:
    void restart() { *this = {}; }
    void accept(std::uint8_t byte);
    /// Contexts: the word so far; with the word before it; (full) with the second word before it.
    void add_contexts(const Past& past, bool full, ContextList& contexts) const;

   private:
    std::uint64_t word_ = 0;                 // hash of the letters so far, 0 outside of a word
    std::array<std::uint64_t, 2> before_{};  // of the words before, the latest first
};

}  // namespace bitlaw::predict
