#include "bitlaw/base/float_state.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#error "bitlaw knows the floating-point control register of x86-64 and aarch64 only"
#endif

namespace bitlaw {
namespace {

#if defined(__SSE2__)
constexpr std::uint64_t kDefault = 0x1F80;  // all six exceptions masked, round to nearest
constexpr std::uint64_t kHostile = 0x1F80 | 0x8000 | 0x0040 | 0x6000;  // FTZ, DAZ, round towards zero
constexpr std::uint64_t kControl = 0xFFC0;  // without the six sticky status flags in the lowest bits
std::uint64_t read_register() { return _mm_getcsr(); }
void write_register(std::uint64_t value) { _mm_setcsr(static_cast<unsigned>(value)); }
#else
constexpr std::uint64_t kDefault = 0;
constexpr std::uint64_t kHostile =
    (std::uint64_t{1} << 24) | (std::uint64_t{3} << 22);  // FZ, RMode towards zero
constexpr std::uint64_t kControl = ~std::uint64_t{0};
std::uint64_t read_register() {
    std::uint64_t value = 0;
    asm volatile("mrs %0, fpcr" : "=r"(value) : : "memory");
    return value;
}
void write_register(std::uint64_t value) { asm volatile("msr fpcr, %0" : : "r"(value) : "memory"); }
#endif

}  // namespace

// Writing the register makes the processor wait, reading it does not.
FloatStateGuard::FloatStateGuard() : saved_(read_register()) {
    if ((saved_ & kControl) != kDefault) {
        write_register(kDefault);
    }
}
FloatStateGuard::~FloatStateGuard() {
    if (read_register() != saved_) {
        write_register(saved_);
    }
}

std::uint64_t float_state() { return read_register() & kControl; }
void set_float_state(std::uint64_t state) { write_register(state); }
std::uint64_t hostile_float_state() { return kHostile; }

}  // namespace bitlaw
