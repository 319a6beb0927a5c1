#include "peak_loops.hpp"

namespace bitlaw::kernels {

// An array that the compiler may hold in whatever vectors the target has by default.
std::uint64_t fma_chains_scalar(std::uint64_t rounds, float* sink) {
    constexpr int kChains = 48;
    float x[kChains];
    for (int i = 0; i < kChains; ++i) {
        x[i] = static_cast<float>(i);
    }
    for (std::uint64_t round = 0; round < rounds; ++round) {
        for (float& value : x) {
            value = __builtin_fmaf(value, 0.5F, 1.0F);
        }
    }
    for (const float value : x) {
        *sink += value;
    }
    return rounds * kChains * 2;
}

}  // namespace bitlaw::kernels
