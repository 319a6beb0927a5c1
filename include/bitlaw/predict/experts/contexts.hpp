#pragma once
/// \file Where experts of hashed contexts write what they look at.

#include <array>
#include <cstddef>
#include <cstdint>

namespace bitlaw::predict {

/// Hashed contexts of one byte at most, of all experts together.
inline constexpr std::size_t kMaxContexts = 32;
/// Numbers that contexts are known by, of all kinds of data together.
inline constexpr std::size_t kMaxContextIds = 96;

/// The hash of a value in the context of this number.
[[nodiscard]] constexpr std::uint64_t context_hash(std::size_t id, std::uint64_t value) {
    std::uint64_t hash = (value + id * 0x632BE59BD9B4E019 + 1) * 0x9E3779B97F4A7C15;
    hash = (hash ^ hash >> 29) * 0xBF58476D1CE4E5B9;
    return hash ^ hash >> 32;
}

/// Added to a value, makes it a context of this stream alone; nothing for stream 0.
[[nodiscard]] constexpr std::uint64_t stream_salt(std::size_t stream) { return stream * 0xD6E8FEB86659FD93; }

/// Hashes of the contexts that a byte is predicted in. A context's number selects its adaptive maps, so that
/// the same context of two kinds of data shares what it has learned.
class ContextList {
   public:
    void clear() { count_ = 0; }
    /// Whose list it is: contexts of add_own() are known to streams of the same number only.
    void set_stream(std::size_t number) { own_ = stream_salt(number); }
    /// Contexts of different numbers never meet in one slot, even if their values are equal.
    void add(std::size_t id, std::uint64_t value) {
        ids_[count_] = static_cast<std::uint8_t>(id);
        hashes_[count_++] = context_hash(id, value);
    }
    /// A context of this stream alone: what was seen in it last was seen nearby, and not in another part of
    /// the block that is coded at the same time.
    void add_own(std::size_t id, std::uint64_t value) { add(id, value + own_); }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] std::uint64_t hash(std::size_t i) const { return hashes_[i]; }
    [[nodiscard]] std::uint8_t id(std::size_t i) const { return ids_[i]; }

   private:
    std::array<std::uint64_t, kMaxContexts> hashes_{};
    std::array<std::uint8_t, kMaxContexts> ids_{};
    std::size_t count_ = 0;
    std::uint64_t own_ = 0;  // stream 0 of one stream has the contexts that all share
};

/// Joins two values to one that depends on both.
[[nodiscard]] constexpr std::uint64_t joined(std::uint64_t a, std::uint64_t b) {
    std::uint64_t hash = (a ^ 0xD6E8FEB86659FD93) * 0x9E3779B97F4A7C15 + b;
    hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93;
    return hash ^ hash >> 29;
}

template <class... More>
[[nodiscard]] constexpr std::uint64_t joined(std::uint64_t a, std::uint64_t b, More... more) {
    return joined(joined(a, b), more...);
}

}  // namespace bitlaw::predict
