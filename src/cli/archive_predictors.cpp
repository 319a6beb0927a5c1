#include "archive_predictors.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "bitlaw/predict/mixing_options.hpp"
#include "learning_options.hpp"
#include "places.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace predict;
using namespace coding;
using namespace format;

void require_predictor(const ArchiveArguments& a) {
    const bool has_model = a.model != kNoModel;
    if (!has_model && !a.mix && !a.learning.learn) {
        fail_usage("-m none --mix none leaves nothing that predicts; name a set of experts, or a model");
    }
    if (!has_model && a.embed_model) {
        fail_usage("-m none has no model to embed; leave --embed-model out");
    }
    const bool is_fresh = fresh_of(a.model).has_value();
    if (!a.learning.learn) {
        require_learning(a.learning);
        if (is_fresh) {
            fail_usage("a network with fresh weights knows nothing; add --learn, or name a model");
        }
    } else {
        require_learner(a.model);
    }
    if (is_fresh && a.embed_model) {
        fail_usage("fresh weights are drawn again when the archive is restored; leave --embed-model out");
    }
}

void add_learning_network(CompressOptions& options, const ArchiveArguments& a, const StoredModel& model,
                          ByteSpan begin, std::uint64_t bytes) {
    LearningRecipe recipe = recipe_of(
        a.learning, model, {.fresh = fresh_of(a.model).has_value(), .mixed = a.mix.has_value()}, begin);
    if (a.streams) {
        recipe = with_streams(recipe, static_cast<std::uint32_t>(*a.streams));
        validate(recipe);
    }
    options.method = kLearning;
    options.stack = learned_stack(recipe, model, a.model);
    constexpr double kManyHours = 1.0;
    const double hours = avx2_restore_hours(model.model.config, recipe, a.mix.has_value(), bytes);
    if (hours > kManyHours && a.common.quiet == 0) {
        note(text_of("bitlaw: compress: warning: to restore this, one core with AVX2 will take about ",
                     fixed_text(hours, 1), " hours, since it learns the bytes again"));
    }
}

void add_experts(CompressOptions& options, const ArchiveArguments& a, std::uint64_t bytes) {
    const MixingOptions mixing{
        .set = *a.mix, .bytes = std::clamp<std::uint64_t>(bytes, 1, kMaxMixingBytes), .memory = a.memory};
    if (!a.learning.learn) {
        options.stack.source = a.model == kNoModel ? NetworkSource::none : NetworkSource::model;
    }
    mix_with(options, mixing);
}

}  // namespace bitlaw::cli
