#include "bitlaw/predict/reset.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::predict {

using namespace model;

std::uint64_t default_reset(const ModelConfig& config) { return network_spec(config).longest_context; }

void check_reset(const ModelConfig& config, std::uint64_t reset_every) {
    const std::uint64_t longest = network_spec(config).longest_context;
    if (longest != 0 && (reset_every == 0 || reset_every > longest)) {
        fail_usage("a ", family_of(config.architecture).name, " model of context ", longest,
                   " needs its context reset every 1 .. ", longest, " positions, not every ", reset_every);
    }
}

}  // namespace bitlaw::predict
