#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/light.hpp"
#include "bitlaw/kernels/mixing.hpp"
#include "mixing_tables.hpp"

namespace bitlaw::kernels {

const MixingKernels& mixing_kernels() {
    switch (chosen_isa()) {
#ifdef __x86_64__
        case Isa::avx512: return mixing_kernels_avx512();
        case Isa::avx2: return mixing_kernels_avx2();
#endif
        default: return mixing_kernels_scalar();
    }
}

const DistributionKernels& distribution_kernels() {
    switch (chosen_isa()) {
#ifdef __x86_64__
        case Isa::avx512: return distribution_kernels_avx512();
        case Isa::avx2: return distribution_kernels_avx2();
#endif
        default: return distribution_kernels_scalar();
    }
}

const ContextKernels& context_kernels() {
    switch (chosen_isa()) {
#ifdef __x86_64__
        case Isa::avx512: return context_kernels_avx512();
        case Isa::avx2: return context_kernels_avx2();
#endif
        default: return context_kernels_scalar();
    }
}

const LightKernels& light_kernels() {
    switch (chosen_isa()) {
#ifdef __x86_64__
        case Isa::avx512: return light_kernels_avx512();
        case Isa::avx2: return light_kernels_avx2();
#endif
        default: return light_kernels_scalar();
    }
}

}  // namespace bitlaw::kernels
