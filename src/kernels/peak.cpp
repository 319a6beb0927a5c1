#include "bitlaw/kernels/peak.hpp"

#include "bitlaw/kernels/isa.hpp"
#include "peak_loops.hpp"

namespace bitlaw::kernels {

std::uint64_t run_fma_chains(std::uint64_t rounds) {
    volatile float sink = 0.0F;
    float value = 0.0F;
    std::uint64_t operations = 0;
    switch (available_isas().back()) {
#ifdef __x86_64__
        case Isa::avx512: operations = fma_chains_avx512(rounds, &value); break;
        case Isa::avx2: operations = fma_chains_avx2(rounds, &value); break;
#endif
        default: operations = fma_chains_scalar(rounds, &value); break;
    }
    sink = value;
    (void)sink;
    return operations;
}

}  // namespace bitlaw::kernels
