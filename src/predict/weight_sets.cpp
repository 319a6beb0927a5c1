#include "weight_sets.hpp"

#include <vector>

#include "bitlaw/predict/experts/bitmap.hpp"
#include "bitlaw/predict/experts/direct.hpp"
#include "byte_contexts.hpp"

namespace bitlaw::predict {

MixerShape mixer_shape(const ExpertChoice& choice, std::size_t contexts) {
    contexts += choice.external && choice.full ? kExternalContexts : 0;
    std::size_t inputs = contexts * kInputsOfContext + 1;
    inputs += choice.has(Expert::direct) ? Direct::kInputs : 0;
    inputs += choice.has(Expert::match) ? MatchFinder::kInputs * (choice.full ? 2 : 1) : 0;
    const std::size_t external_input = inputs;
    inputs += choice.external ? External::kInputs : 0;
    inputs += choice.family == Family::binary && choice.has(Expert::bitmap) ? Bitmap::kInputs : 0;
    inputs += choice.sampled() && choice.has(Expert::samples) ? Samples::kInputs : 0;
    // A sum that is right from the start: contexts that know nothing give nothing.
    constexpr std::int32_t kFirstWeight = 9000;
    // Beside a network, which knows something from the start, the others begin lower.
    constexpr std::int32_t kBesideExternal = 6000;
    constexpr std::int32_t kOfExternal = 40000;
    if (!choice.full) {
        std::vector<std::size_t> groups{64, 256, 256};
        if (choice.external) {
            groups.push_back(64);
            return {inputs, groups, 256, 2 * kBesideExternal, external_input, kOfExternal};
        }
        return {inputs, groups, 256, 2 * kFirstWeight};
    }
    std::vector<std::size_t> groups{64, 256, 256, 243, 256, 256, 256};
    if (choice.sampled()) {
        groups[0] = 2 * Samples::kClasses;
        groups[1] = 512;
    }
    if (choice.external) {
        groups.push_back(64);
        return {inputs, groups, 256, kBesideExternal, external_input, kOfExternal};
    }
    return {inputs, groups, 256, kFirstWeight};
}

}  // namespace bitlaw::predict
