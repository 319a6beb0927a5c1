/// \file The loops of whole numbers (contexts, a mixer, least squares) for one instruction set. No header
/// with inline functions may be used here, lest the linker keep this file's copy for everyone.

#include "mixing_tables.hpp"

namespace bitlaw::kernels {
namespace {

struct Ints {
    static constexpr std::size_t kWidth = 1;
    std::int32_t lane;

    static Ints zero() { return {0}; }
    static Ints all(std::int32_t x) { return {x}; }
    static Ints load(const std::int32_t* from) { return {*from}; }
    static Ints of(const std::int32_t* numbers) { return {*numbers}; }
    [[nodiscard]] std::int32_t total() const { return lane; }
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
    // 16 bits each, times 2^16.
    static Ints shorts(const std::int16_t* from) { return {*from * 65536}; }
    static Ints bytes(const std::uint8_t* from) { return {*from}; }
    [[nodiscard]] Ints shifted_right_by(std::uint32_t n) const { return {lane >> n}; }
    // Of these three a mask: all bits of a lane, or none.
    [[nodiscard]] Ints above(std::int32_t x) const { return {lane > x ? -1 : 0}; }
    [[nodiscard]] Ints equals(std::int32_t x) const { return {lane == x ? -1 : 0}; }
    [[nodiscard]] Ints also(Ints mask) const { return {lane & mask.lane}; }
    [[nodiscard]] Ints unless(Ints mask) const { return {lane & ~mask.lane}; }
    [[nodiscard]] Ints or_else(Ints other, Ints mask) const {
        return {(lane & ~mask.lane) | (other.lane & mask.lane)};
    }
    [[nodiscard]] Ints divides(std::int32_t numerator) const { return {numerator / lane}; }
    // The lower 32 bits of lanes * other / 2^16, rounded down.
    [[nodiscard]] Ints scaled_product(Ints other) const {
        return {static_cast<std::int32_t>(std::int64_t{lane} * other.lane >> 16)};
    }
    [[nodiscard]] Ints minus(Ints other) const { return {lane - other.lane}; }
    // Without signs.
    [[nodiscard]] Ints larger(Ints other) const {
        return {static_cast<std::uint32_t>(lane) > static_cast<std::uint32_t>(other.lane) ? lane
                                                                                          : other.lane};
    }
    [[nodiscard]] Ints smaller(Ints other) const {
        return {static_cast<std::uint32_t>(lane) < static_cast<std::uint32_t>(other.lane) ? lane
                                                                                          : other.lane};
    }
    [[nodiscard]] Ints with(Ints other) const { return {lane | other.lane}; }
    // Whether a lane needs more bits.
    [[nodiscard]] bool any_above(int bits) const { return static_cast<std::uint32_t>(lane) >> bits != 0; }
    template <int n>
    [[nodiscard]] Ints shifted_left() const {
        return {static_cast<std::int32_t>(static_cast<std::uint32_t>(lane) << n)};
    }
    template <int n>
    [[nodiscard]] Ints without_sign_shifted_right() const {
        return {static_cast<std::int32_t>(static_cast<std::uint32_t>(lane) >> n)};
    }
    [[nodiscard]] Ints at_most(std::int32_t x) const { return {lane < x ? lane : x}; }
    // The sums of the lanes of four, clamped.
    static void store_sums(const Ints* four, std::int32_t bound, std::int32_t* to) {
        for (std::size_t i = 0; i < 4; ++i) {
            to[i] = four[i].clamped(bound).lane;
        }
    }
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

#include "body/contexts.inl"
#include "body/covariance.inl"
#include "body/distribution.inl"
#include "body/light.inl"
#include "body/mixing.inl"

}  // namespace

const MixingKernels& mixing_kernels_scalar() {
    static constexpr MixingKernels kTable{mixing_dot, mixing_train};
    return kTable;
}

const ContextKernels& context_kernels_scalar() {
    static constexpr ContextKernels kTable{contexts_look, contexts_learn};
    return kTable;
}

const LightKernels& light_kernels_scalar() {
    static constexpr LightKernels kTable{light_look, light_learn};
    return kTable;
}

const DistributionKernels& distribution_kernels_scalar() {
    static constexpr DistributionKernels kTable{distribution_tree, distribution_largest};
    return kTable;
}

Covariance covariance_scalar() { return covariance_sums; }

}  // namespace bitlaw::kernels
