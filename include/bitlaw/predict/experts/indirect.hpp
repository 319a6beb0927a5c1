#pragma once
/// \file Expert: what came the last times after the same byte, or the same two. Class A.

#include <cstdint>
#include <vector>

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// What followed each byte and each pair of bytes, shared by all streams.
class Indirect {
   public:
    Indirect();
    /// After a byte.
    void accept(const Past& past);
    /// Contexts: the last byte with the two bytes that followed it the last times; the last two with the
    /// three that followed them; the last byte with what followed the last two.
    void add_contexts(const Past& past, std::size_t first_id, ContextList& contexts) const;
    [[nodiscard]] std::size_t bytes() const {
        return (after_one_.size() + after_two_.size()) * sizeof(std::uint32_t);
    }

   private:
    std::vector<std::uint32_t>
        after_one_;  // [256] the last four bytes that followed, the newest in the lowest bits
    std::vector<std::uint32_t> after_two_;  // [65536]
};

}  // namespace bitlaw::predict
