#include "bitlaw/predict/learning_recipe.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/learn/muon.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::predict {

using namespace model;

const Fields<LearningRecipe>& learning_fields() {
    using R = LearningRecipe;
    using O = LearningOptimizer;
    // clang-format off
    static const Fields<LearningRecipe> fields{
        whole_field(&R::streams, {1, kMaxLearningRows / 2}, {.name = "learn_streams", .help = "streams of a block, which learn together", .shown_default = "8; mixed 2; of fresh weights 1"}),
        whole_field(&R::segment, {2, kMaxLearningRows}, {.name = "learn_segment", .help = "positions between two steps, even", .shown_default = "64; mixed or of fresh weights 256"}),
        whole_field(&R::window, {2, kMaxLearningRows}, {.name = "learn_window", .help = "bytes of one stream that a step learns, even", .shown_default = "512; of fresh weights 256"}),
        whole_field(&R::replay, {0, 8}, {.name = "learn_replay", .help = "older pieces of that length learned beside the newest", .shown_default = "0; of fresh weights 3"}),
        choice_field(&R::optimizer, {{"adamw", O::adamw}, {"muon", O::muon}}, {.name = "learn_optimizer", .help = "adamw, or muon for the hidden matrices", .shown_default = "adamw; of fresh weights muon"}),
        real_field(&R::rate, {0, 1e30}, {.name = "learn_rate", .help = "learning rate of AdamW", .shown_default = "by model and text"}),
        real_field(&R::muon_ratio, {0, 1e4}, {.name = "learn_muon_ratio", .help = "rate of the matrices that Muon takes / that of AdamW", .shown_default = "20; of fresh weights 1"}),
        whole_field(&R::warm, {0, 1'000'000'000}, {.name = "learn_warm", .help = "steps in which the rate rises"}),
        whole_field(&R::fall, {0, 1'000'000'000}, {.name = "learn_fall", .help = "F: the rate falls as sqrt(F / (steps + F)); 0: it stays", .shown_default = "0; of fresh weights 600"}),
        real_field(&R::beta1, {0, 0.9999}, {.name = "learn_beta1", .help = "of AdamW"}),
        real_field(&R::beta2, {0, 0.999999}, {.name = "learn_beta2", .help = "of AdamW"}),
        real_field(&R::momentum, {0, 0.9999}, {.name = "learn_momentum", .help = "of Muon"}),
        real_field(&R::decay, {0, 100}, {.name = "learn_decay", .help = "weight decay"}),
        real_field(&R::clip, {1e-6, 1e6}, {.name = "learn_clip", .help = "greatest norm of a gradient"}),
        whole_field(&R::seed, {}, {.name = "learn_seed", .help = "of the places that replay draws"}),
    };
    // clang-format on
    return fields;
}

// A trained network's rate follows its text, too (coding/learning_choice.hpp).
LearningRecipe default_recipe(const LearningPlace& place) {
    LearningRecipe recipe;
    // Experts do best in one stream. A network of trained weights keeps two, since a step of one row takes as
    // long as one of two (experiments/06-learning).
    if (place.mixed) {
        recipe = with_streams(recipe, 2);
    }
    if (place.fresh) {
        recipe.streams = 1;
        recipe.segment = 256;
        recipe.window = 256;
        recipe.optimizer = LearningOptimizer::muon;
        recipe.rate = 0.03;
        recipe.muon_ratio = 1;
        recipe.fall = 600;
        recipe.replay = 3;
    }
    return recipe;
}

LearningRecipe with_streams(LearningRecipe recipe, std::uint32_t streams) {
    recipe.segment = std::max(2U, recipe.streams * recipe.segment / std::max(1U, streams) & ~1U);
    recipe.streams = streams;
    return recipe;
}

void validate(const LearningRecipe& recipe) {
    check_fields(learning_fields(), recipe);
    if (recipe.segment % 2 != 0 || recipe.window % 2 != 0) {
        fail_usage("a segment of ", recipe.segment, " and a window of ", recipe.window,
                   " must be even, since sums in bf16 go over pairs");
    }
    if (std::uint64_t{recipe.streams} * recipe.segment > kMaxLearningRows) {
        fail_usage(recipe.streams, " streams and segments of ", recipe.segment, " are ",
                   std::uint64_t{recipe.streams} * recipe.segment, " bytes between two steps, and at most ",
                   kMaxLearningRows, " are possible");
    }
}

Bytes encode_recipe(const LearningRecipe& recipe) {
    ByteWriter writer;
    writer.varint(recipe.streams);
    writer.varint(recipe.segment);
    writer.varint(recipe.window);
    writer.varint(recipe.replay);
    writer.u8(static_cast<std::uint8_t>(recipe.optimizer));
    writer.f64(recipe.rate);
    writer.f64(recipe.muon_ratio);
    writer.varint(recipe.warm);
    writer.varint(recipe.fall);
    for (const double value : {recipe.beta1, recipe.beta2, recipe.momentum, recipe.decay, recipe.clip}) {
        writer.f64(value);
    }
    writer.u64(recipe.seed);
    return writer.take();
}

LearningRecipe decode_recipe(std::uint64_t id, ByteSpan settings) {
    if (id != kLearningInTurn) {
        fail("the recipe of learning has number ", id,
             ", which this program does not know; use the bitlaw that made the archive");
    }
    ByteReader reader(settings, "the recipe of learning");
    const auto number = [&reader] {
        const std::uint64_t value = reader.varint();
        // Beyond every field's range, so that validate() names the field.
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xFFFFFFFF));
    };
    LearningRecipe recipe;
    recipe.streams = number();
    recipe.segment = number();
    recipe.window = number();
    recipe.replay = number();
    recipe.optimizer = static_cast<LearningOptimizer>(reader.u8());
    recipe.rate = reader.f64();
    recipe.muon_ratio = reader.f64();
    recipe.warm = number();
    recipe.fall = number();
    for (double* const value :
         {&recipe.beta1, &recipe.beta2, &recipe.momentum, &recipe.decay, &recipe.clip}) {
        *value = reader.f64();
    }
    recipe.seed = reader.u64();
    if (reader.remaining() != 0) {
        fail("the recipe of learning has ", reader.remaining(), " bytes too many");
    }
    try {
        validate(recipe);
    } catch (const UsageError& error) {
        fail("the recipe of learning cannot be right: ", error.what());
    }
    return recipe;
}

std::size_t learning_streams(const LearningRecipe& recipe, std::size_t bytes) {
    constexpr std::size_t kStreamBytes = 8192;
    return std::clamp<std::size_t>(bytes / kStreamBytes, 1, recipe.streams);
}

double learning_rate(const LearningRecipe& recipe, std::uint64_t step) {
    const auto done = static_cast<double>(step);
    double rate = recipe.rate;
    if (step + 1 < recipe.warm) {
        rate *= (done + 1) / recipe.warm;
    }
    if (recipe.fall > 0) {
        const double fall = recipe.fall;
        rate *= std::sqrt(fall / (done + fall));
    }
    return rate;
}

double learning_flops(const ModelConfig& config, const LearningRecipe& recipe) {
    const auto context = static_cast<double>(config.context);
    const double predicted = forward_flops(config, 0, config.context) / context;
    double step = (1.0 + recipe.replay) * training_flops(config, recipe.window);
    if (recipe.optimizer == LearningOptimizer::muon) {
        for (const learn::MatrixBlock& block : learn::hidden_matrices(Layout(network_spec(config)))) {
            const auto longer = static_cast<double>(std::max(block.rows, block.columns));
            const auto shorter = static_cast<double>(std::min(block.rows, block.columns));
            step += learn::kMuonIterations * (4 * longer + 2 * shorter) * shorter * shorter;
        }
    }
    return predicted + step / (static_cast<double>(recipe.streams) * recipe.segment);
}

double learning_bytes(const ModelConfig& config, const LearningRecipe& recipe) {
    const NetworkSpec spec = network_spec(config);
    const auto parameters = static_cast<double>(parameter_count(spec));
    // Of one row: the stream behind every block, what the blocks keep and their gradients, logits.
    double row = static_cast<double>(spec.head.width + spec.head.alphabet);
    for (const BlockSpec& block : blocks_of(spec)) {
        row += 4.0 * static_cast<double>(block.width);
        for (const Value& value : block.kind->values(block)) {
            row += static_cast<double>(value.width);
        }
        for (const std::size_t width : block.kind->gradients(block)) {
            row += static_cast<double>(width);
        }
    }
    const double rows = std::max({static_cast<double>(recipe.window),
                                  std::min(static_cast<double>(learn::default_micro_batch(config)),
                                           static_cast<double>(recipe.window) * (1.0 + recipe.replay)),
                                  static_cast<double>(recipe.streams) * recipe.segment});
    const StateSize context = stream_state(spec);
    const double contexts = recipe.streams * static_cast<double>(context.floats + context.halves);
    return 4.0 * (8.0 * parameters + rows * row + 2.0 * contexts);
}

void check_learning_memory(const ModelConfig& config, const LearningRecipe& recipe) {
    const double bytes = learning_bytes(config, recipe);
    constexpr double kMebibyte = 1024.0 * 1024.0;
    if (!(bytes <= kMaxLearningBytes)) {
        fail("to learn while it codes, this network needs ", std::round(bytes / kMebibyte),
             " MiB, and at most ", kMaxLearningBytes / kMebibyte,
             " are allowed; use a smaller network, fewer streams or a shorter window");
    }
}

}  // namespace bitlaw::predict
