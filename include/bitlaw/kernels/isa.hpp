#pragma once
/// \file Choice of the instruction set: one function, forceable, printable.

#include <string>
#include <vector>

namespace bitlaw::kernels {

enum class Isa { scalar, avx2, avx512 };

/// "scalar", "avx2" or "avx512".
[[nodiscard]] const char* isa_name(Isa isa);

/// Instruction sets that this build holds and this processor can run, slowest first; scalar is always there.
[[nodiscard]] std::vector<Isa> available_isas();

/// The instruction set in force: BITLAW_ISA when set (UsageError when unknown or lacking), otherwise the
/// fastest.
[[nodiscard]] Isa chosen_isa();

/// Changes the choice for the rest of the process (tests and `bitlaw bench`); throws UsageError when it is
/// lacking. Results never change, only speed. Not to be called while other threads compute.
void choose_isa(Isa isa);

/// Whether the avx512 kernels multiply bfloat16 numbers with the processor's own instruction: it has
/// AVX512_BF16, and that gave the bits of the fp32 emulation for random numbers when this was first asked.
[[nodiscard]] bool bf16_in_hardware();

}  // namespace bitlaw::kernels
