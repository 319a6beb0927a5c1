#include "bitlaw/train/schedule.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"

namespace bitlaw::train {

double Schedule::rate(std::uint64_t step) const {
    BITLAW_ASSERT(step < steps);
    const auto all = static_cast<double>(steps);
    const auto rising = static_cast<double>(static_cast<std::uint64_t>(warmup * all));
    const auto falling = static_cast<double>(static_cast<std::uint64_t>(decay * all));
    double share = 1.0;
    if (rising > 0.0) {
        share = std::min(share, static_cast<double>(step + 1) / rising);
    }
    if (falling > 0.0) {
        share = std::min(share, static_cast<double>(steps - step) / falling);
    }
    return peak * share;
}

}  // namespace bitlaw::train
