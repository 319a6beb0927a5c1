#include "bitlaw/predict/adaptive_map.hpp"

namespace bitlaw::predict {

CountedSteps::CountedSteps() : step{} {
    for (std::int32_t n = 0; n < 1024; ++n) {
        step[static_cast<std::size_t>(n)] = 65536 * 2 / (2 * n + 3);
    }
}

const CountedSteps& counted_steps() {
    static const CountedSteps steps;
    return steps;
}

}  // namespace bitlaw::predict
