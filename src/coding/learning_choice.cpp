#include "bitlaw/coding/learning_choice.hpp"

#include <algorithm>

#include "bitlaw/coding/block.hpp"
#include "bitlaw/coding/measure.hpp"
#include "bitlaw/coding/stack_network.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;

double suited_rate(const StoredModel& model, ByteSpan text) {
    constexpr double kRate = 1e-4;
    constexpr double kWidth = 64;
    constexpr double kMaxFactor = 4;
    const ByteSpan begin = text.first(std::min(text.size(), kChoiceBytes));
    const double own = model.record.validation_bits_per_byte > 0 ? model.record.validation_bits_per_byte
                                                                 : model.record.training_bits_per_byte;
    double factor = 2;
    if (own > 0 && !begin.empty() &&
        (model.model.vocabulary != nullptr || codable(model.model.config.alphabet, begin))) {
        CompressOptions options;
        options.streams = 1;
        const Estimate frozen = estimate(model, options, begin);
        const double ratio = frozen.code_bits / static_cast<double>(begin.size()) / own;
        factor = std::clamp(ratio * ratio * ratio * ratio, 1.0, kMaxFactor);
    }
    return kRate * kWidth / model.model.config.width * factor;
}

Stack learning_stack(const LearningRecipe& recipe) {
    validate(recipe);
    return {.source = NetworkSource::model, .recipe = {kLearningInTurn, encode_recipe(recipe)}};
}

Stack learning_stack(const LearningRecipe& recipe, const ModelConfig& config, std::uint64_t seed) {
    Stack stack = learning_stack(recipe);
    stack.source = NetworkSource::seed;
    stack.spec = encode_spec(config);
    stack.seed = seed;
    return stack;
}

}  // namespace bitlaw::coding
