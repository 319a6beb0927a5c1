#include "bitlaw/kernels/covariance.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "mixing_tables.hpp"

namespace bitlaw::kernels {

Covariance covariance() {
    switch (chosen_isa()) {
#ifdef __x86_64__
        case Isa::avx512: return covariance_avx512();
        case Isa::avx2: return covariance_avx2();
#endif
        default: return covariance_scalar();
    }
}

}  // namespace bitlaw::kernels
