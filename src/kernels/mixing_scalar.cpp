/// \file The loops of whole numbers (a mixer, least squares) for one instruction set. No header with inline
/// functions may be used here, lest the linker keep this file's copy for everyone.

#include "mixing_tables.hpp"

namespace bitlaw::kernels {
namespace {

struct Ints {
    static constexpr std::size_t kWidth = 1;
    std::int32_t lane;

    static Ints zero() { return {0}; }
    static Ints all(std::int32_t x) { return {x}; }
    static Ints load(const std::int32_t* from) { return {*from}; }
    void store(std::int32_t* to) const { *to = lane; }
    [[nodiscard]] Ints upper_product(Ints other) const { return {(lane >> 16) * (other.lane >> 16)}; }
    [[nodiscard]] Ints plus(Ints other) const { return {lane + other.lane}; }
    template <int n>
    [[nodiscard]] Ints shifted_right() const {
        return {lane >> n};
    }
    [[nodiscard]] Ints clamped(std::int32_t bound) const {
        return {lane < -bound ? -bound : lane > bound ? bound : lane};
    }
    [[nodiscard]] std::int32_t sum() const { return lane; }
};

struct Longs {
    static constexpr std::size_t kWidth = 1;
    std::int64_t lane;

    static Longs load(const std::int64_t* from) { return {*from}; }
    void store(std::int64_t* to) const { *to = lane; }
    static Longs widened(const std::int32_t* from) { return {*from}; }
    static Longs all(std::int32_t x) { return {x}; }
    [[nodiscard]] Longs plus_product(Longs a, Longs b) const { return {lane + a.lane * b.lane}; }
};

#include "body/covariance.inl"
#include "body/mixing.inl"

}  // namespace

const MixingKernels& mixing_kernels_scalar() {
    static constexpr MixingKernels kTable{mixing_dot, mixing_train};
    return kTable;
}

Covariance covariance_scalar() { return covariance_sums; }

}  // namespace bitlaw::kernels
