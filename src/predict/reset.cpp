#include "bitlaw/predict/reset.hpp"

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {

using namespace model;

std::uint64_t default_reset(const ModelConfig& config) {
    return config.architecture == Architecture::vanilla ? config.context : 0;
}

void check_reset(const ModelConfig& config, std::uint64_t reset_every) {
    const bool vanilla = config.architecture == Architecture::vanilla;
    if (vanilla && (reset_every == 0 || reset_every > config.context)) {
        fail_usage("a vanilla model of context ", config.context, " needs its context reset every 1 .. ",
                   config.context, " positions, not every ", reset_every);
    }
}

}  // namespace bitlaw::predict
