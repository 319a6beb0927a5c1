#include "finite.hpp"

#include <bit>
#include <cstdint>

#include "bitlaw/base/error.hpp"

namespace bitlaw::model {

bool is_finite(float value) {
    constexpr std::uint32_t kExponent = 0x7F800000;
    return (std::bit_cast<std::uint32_t>(value) & kExponent) != kExponent;
}

void fail_weight(const Tensor& tensor, std::size_t index, float weight) {
    fail("weight ", tensor.offset + index, " of the model is not a finite number (", weight,
         "); the training has diverged: train again with a lower learning rate");
}

void require_finite(const Tensor& tensor, std::span<const float> weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!is_finite(weights[i])) {
            fail_weight(tensor, i, weights[i]);
        }
    }
}

void require_undamaged(const Tensor& tensor, std::span<const float> weights, const std::string& name) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!is_finite(weights[i])) {
            fail(name, " is damaged: weight ", tensor.offset + i,
                 " is not a finite number; copy it again or train it again");
        }
    }
}

}  // namespace bitlaw::model
