#pragma once
/// \file Counter-based random numbers. Exactness class A; the whole state is two words.

#include <cstdint>

namespace bitlaw {

/// Numbers as a pure function of (key, counter), so that a saved state resumes exactly and streams can be
/// made independent by their key: output = two rounds of a 64-bit mixing finaliser over key and counter.
class Random {
   public:
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

    /// 64 uniform bits.
    std::uint64_t next();
    /// Uniform in 0 .. bound-1 without bias (rejection); bound >= 1.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1), 53 bits.
    double uniform();
    /// Standard normal (Box-Muller with exact_log2 and exact_sincos).
    double normal();

    [[nodiscard]] std::uint64_t key() const { return key_; }
    [[nodiscard]] std::uint64_t counter() const { return counter_; }
    /// Continues from a saved state.
    static Random from_state(std::uint64_t key, std::uint64_t counter);

   private:
    std::uint64_t key_;
    std::uint64_t counter_ = 0;
};

}  // namespace bitlaw
