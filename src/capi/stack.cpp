#include "stack.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/coding/levels.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/model/places.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "bitlaw/predict/mixing_options.hpp"

namespace bitlaw::capi {

using namespace model;
using namespace predict;
using namespace coding;

namespace {

std::shared_ptr<const StoredModel> loaded(const std::filesystem::path& path) {
    return std::make_shared<const StoredModel>(load_model(path));
}

bool is_none(std::string_view network) { return network == kNoModel; }

// What the options say of the network; `level` null: none was asked for.
void choose_network(bitlaw_stack& stack, const bitlaw_stack_options& o, const Level* level) {
    if (o.model != nullptr) {
        if (o.network != nullptr) {
            fail_usage("the stack has a model and the name of another; leave one of them out");
        }
        stack.model = o.model->stored;
        return;
    }
    if (o.network == nullptr) {
        if (level != nullptr && level->network != nullptr) {
            if (const std::string why = obstacle(*level); !why.empty()) {
                fail("level ", level->number, " ", why, "; choose another, or set BITLAW_MODELS");
            }
            stack.model = loaded(*network_file(*level));
        }
        return;
    }
    stack.fresh = fresh_of(o.network);
    if (stack.fresh) {
        stack.model =
            std::make_shared<const StoredModel>(fresh_network(stack.fresh->config, stack.fresh->seed));
    } else if (!is_none(o.network)) {
        stack.model = loaded(named_model(o.network));
    }
}

// Where nothing else would predict, as for `bitlaw compress -m none`, the default is the full set.
std::optional<ExpertSet> default_mix(const bitlaw_stack_options& o, const Level* level) {
    if (level != nullptr) {
        return level->experts;
    }
    const bool is_asked = o.model == nullptr && o.network != nullptr && is_none(o.network) && o.learn == 0;
    return is_asked ? std::optional<ExpertSet>(ExpertSet::full) : std::nullopt;
}

std::optional<ExpertSet> mix_of(const bitlaw_stack_options& o, const Level* level) {
    switch (static_cast<int>(o.mix)) {
        case BITLAW_MIX_DEFAULT: return default_mix(o, level);
        case BITLAW_MIX_NONE: return std::nullopt;
        case BITLAW_MIX_FAST: return ExpertSet::fast;
        case BITLAW_MIX_FULL: return ExpertSet::full;
        default: fail_usage("mix is ", static_cast<int>(o.mix), ", which is none");
    }
}

void check(const bitlaw_stack& stack) {
    if (stack.model == nullptr && stack.learn) {
        fail_usage("without a network there is nothing that learns; name one, or init:PRESET");
    }
    if (stack.model == nullptr && !stack.mix) {
        fail_usage("the stack has nothing that predicts; name a network, or choose a mix or a level");
    }
    if (stack.fresh && !stack.learn) {
        fail_usage("a network with fresh weights knows nothing; set learn, or name a model");
    }
    if (stack.fresh && stack.embed_model) {
        fail_usage("fresh weights are drawn again when an archive is restored; leave embed_model out");
    }
    if (!(stack.learn_rate >= 0) || (stack.learn_rate > 0 && !stack.learn)) {
        fail_usage("the rate of learning is ", stack.learn_rate,
                   "; it must be 0 or more, and is for a network that learns");
    }
    // Throws what is out of range, now and not when the first block comes.
    (void)options_for(stack, {}, 1);
}

bitlaw_stack opened(const bitlaw_stack_options* given) {
    check_pointer(given, 1, "options");
    const bitlaw_stack_options o = taken(given, bitlaw_stack_options BITLAW_STACK_OPTIONS_INIT,
                                         sizeof(bitlaw_stack_options), "BITLAW_STACK_OPTIONS_INIT");
    if (o.level < 0 || o.level > static_cast<int>(levels().size())) {
        fail_usage("there is no level ", o.level, "; choose 1 to ", levels().size(), ", or 0 for none");
    }
    const Level* const level = o.level == 0 ? nullptr : &levels()[static_cast<std::size_t>(o.level) - 1];
    const CompressOptions defaults;
    bitlaw_stack stack{.model = nullptr,
                       .fresh = std::nullopt,
                       .mix = mix_of(o, level),
                       .learn = o.learn != 0 || (level != nullptr && level->learns),
                       .learn_rate = o.learn_rate,
                       .embed_model = o.embed_model != 0,
                       .fallback = fallback_of(o.fallback),
                       .block_bytes = o.block_bytes == 0 ? defaults.block_bytes : o.block_bytes,
                       .streams = std::nullopt,
                       .memory = o.memory == 0 ? MixingOptions{}.memory : o.memory};
    if (o.streams > kMaxStreams || stack.block_bytes > kMaxBlockBytes) {
        fail_usage("a block has at most ", kMaxBlockBytes, " bytes and ", kMaxStreams, " streams, not ",
                   stack.block_bytes, " and ", o.streams);
    }
    if (o.streams != 0) {
        stack.streams = static_cast<std::size_t>(o.streams);
    }
    choose_network(stack, o, level);
    check(stack);
    return stack;
}

CompressOptions options_of(const bitlaw_stack& stack, ByteSpan begin, std::uint64_t bytes, bool one_stream) {
    CompressOptions options;
    options.block_bytes = stack.block_bytes;
    options.streams = one_stream ? std::optional<std::size_t>(1) : stack.streams;
    options.embed_model = stack.embed_model;
    options.fallback = stack.fallback;
    if (stack.learn) {
        LearningRecipe recipe =
            default_recipe({.fresh = stack.fresh.has_value(), .mixed = stack.mix.has_value()});
        if (stack.learn_rate > 0) {
            recipe.rate = stack.learn_rate;
        } else if (!stack.fresh) {
            recipe.rate = suited_rate(*stack.model, begin);
        }
        if (stack.streams) {
            recipe = with_streams(recipe, static_cast<std::uint32_t>(*stack.streams));
        }
        if (one_stream) {
            recipe.streams = 1;  // the steps come where they come in an archive of one stream
        }
        validate(recipe);
        check_learning_memory(stack.model->model.config, recipe);
        options.method = kLearning;
        options.stack = stack.fresh ? learning_stack(recipe, stack.fresh->config, stack.fresh->seed)
                                    : learning_stack(recipe);
    }
    if (stack.mix) {
        if (!stack.learn) {
            options.stack.source = stack.model == nullptr ? NetworkSource::none : NetworkSource::model;
        }
        const std::uint64_t known = bytes == 0 ? stack.block_bytes : bytes;
        mix_with(options, {.set = *stack.mix,
                           .bytes = std::clamp<std::uint64_t>(known, 1, kMaxMixingBytes),
                           .memory = stack.memory});
    }
    return options;
}

}  // namespace

CompressOptions options_for(const bitlaw_stack& stack, ByteSpan begin, std::uint64_t bytes) {
    return options_of(stack, begin, bytes, false);
}

CompressOptions options_for_stream(const bitlaw_stack& stack, ByteSpan begin, std::uint64_t bytes) {
    return options_of(stack, begin, bytes, true);
}

}  // namespace bitlaw::capi

bitlaw_stack* bitlaw_stack_open(const bitlaw_stack_options* options) {
    return bitlaw::capi::made<bitlaw_stack>([&] { return bitlaw::capi::opened(options); });
}

void bitlaw_stack_close(bitlaw_stack* stack) { delete stack; }
