#pragma once
/// \file xxh3-64 of bytes, at once or piece by piece. Exactness class A.

#include <cstdint>
#include <memory>
#include <string>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw {

/// xxh3-64 (seed 0) of the bytes.
[[nodiscard]] std::uint64_t hash64(ByteSpan data);

/// xxh3-64 over pieces: equal to hash64 of their concatenation.
class Hasher {
   public:
    Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    ~Hasher();
    void update(ByteSpan data);
    [[nodiscard]] std::uint64_t digest() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Sixteen lower-case hexadecimal digits.
[[nodiscard]] std::string hex64(std::uint64_t value);

}  // namespace bitlaw
