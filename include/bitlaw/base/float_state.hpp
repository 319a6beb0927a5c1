#pragma once
/// \file Guards the floating-point control register: exact results need the IEEE default.

#include <cstdint>

namespace bitlaw {

/// Sets round-to-nearest, no flush-to-zero, no denormals-are-zero, all exceptions masked (x86: MXCSR =
/// 0x1F80; aarch64: FPCR = 0) and restores what was there when it goes out of scope. Every public entry point
/// that computes holds one, because a host process may have changed the register.
class FloatStateGuard {
   public:
    FloatStateGuard();
    ~FloatStateGuard();
    FloatStateGuard(const FloatStateGuard&) = delete;
    FloatStateGuard& operator=(const FloatStateGuard&) = delete;

   private:
    std::uint64_t saved_;
};

/// The register's control bits as they are now (without x86's sticky status flags).
[[nodiscard]] std::uint64_t float_state();
/// Sets the register (tests make a hostile one with it).
void set_float_state(std::uint64_t state);
/// The register's value with flush-to-zero, denormals-are-zero and rounding towards zero set.
[[nodiscard]] std::uint64_t hostile_float_state();

}  // namespace bitlaw
