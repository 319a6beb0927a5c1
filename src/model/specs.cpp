// The networks, each from embedding to logits, and their presets.

#include "bitlaw/model/specs.hpp"

#include <cmath>
#include <iterator>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/blocks.hpp"

namespace bitlaw::model {
namespace {

BlockSpec attention(const ModelConfig& c, Norm norm, Init residual, bool qk_norm) {
    return {.kind = &kAttention,
            .width = c.width,
            .norm = norm,
            .residual = residual,
            .attention = {.heads = c.heads,
                          .kv_heads = c.kv_heads,
                          .head_width = c.head_width,
                          .window = c.window,
                          .qk_norm = qk_norm,
                          .cache = c.cache}};
}

BlockSpec mlp(const Block& kind, const ModelConfig& c, Norm norm, Init residual, HiddenOptions hidden) {
    hidden.width = c.hidden;
    return {.kind = &kind, .width = c.width, .norm = norm, .residual = residual, .hidden = hidden};
}

/// The paper's network as its authors gave it (issue 15 of their repository): norms behind the sums, GELU in
/// the tanh form, embeddings times sqrt(C), biases in the MLP and at the output, contexts of K bytes.
NetworkSpec vanilla(const ModelConfig& c) {
    constexpr Norm kNorm = Norm::post_layer;
    constexpr Init kResidual = Init::residual;
    return {.arithmetic = c.arithmetic,
            .embedding = {.alphabet = c.alphabet,
                          .width = c.width,
                          .factor = std::sqrt(static_cast<float>(c.width)),
                          .deviation = 0.02},
            .rotary = {.base = c.rotary_base, .width = c.head_width},
            .layers = {c.layers,
                       {attention(c, kNorm, kResidual, false),
                        mlp(kMlp, c, kNorm, kResidual, {.activation = &kGelu, .biases = true})}},
            .head = {.width = c.width, .alphabet = c.alphabet, .bias = true, .init = Init::product},
            .longest_context = c.context};
}

/// Norms before the blocks, no gains and biases, QK-norm, a window over a context without end; taps; all that
/// writes to the residual stream, and the output, starts at zero.
NetworkSpec modern_with(const ModelConfig& c, const BlockSpec& hidden) {
    return {.arithmetic = c.arithmetic,
            .embedding = {.alphabet = c.alphabet, .width = c.width, .taps = c.taps},
            .rotary = {.base = c.rotary_base, .width = c.head_width},
            .layers = {c.layers, {attention(c, Norm::pre_rms, Init::zero, true), hidden}},
            .head = {.width = c.width, .alphabet = c.alphabet, .rms_norm = true}};
}

NetworkSpec modern(const ModelConfig& c) {
    return modern_with(c, mlp(kMlp, c, Norm::pre_rms, Init::zero, {.activation = &kSquaredRelu}));
}

NetworkSpec gated(const ModelConfig& c) {
    return modern_with(c, mlp(kSiluGatedMlp, c, Norm::pre_rms, Init::zero, {}));
}

NetworkSpec gated_relu2(const ModelConfig& c) {
    return modern_with(c, mlp(kSquaredReluGatedMlp, c, Norm::pre_rms, Init::zero, {}));
}

/// Llama (Touvron et al. 2023): norms with gains before the blocks, heads of keys and values that are shared,
/// an MLP gated by SiLU; contexts of K tokens, since it has seen none that are longer. What is known of both
/// rotary layouts is settled where a model is imported.
NetworkSpec llama_with(const ModelConfig& c, bool tied) {
    const float epsilon = static_cast<float>(c.norm_epsilon) * 1e-9F;
    BlockSpec attend = attention(c, Norm::pre_rms_gain, Init::residual, false);
    BlockSpec hidden = mlp(kSiluGatedMlp, c, Norm::pre_rms_gain, Init::residual, {});
    attend.epsilon = hidden.epsilon = epsilon;
    return {.arithmetic = c.arithmetic,
            .embedding = {.alphabet = c.alphabet, .width = c.width, .deviation = 0.02},
            .rotary = {.base = c.rotary_base, .width = c.head_width},
            .layers = {c.layers, {attend, hidden}},
            .head = {.width = c.width,
                     .alphabet = c.alphabet,
                     .rms_norm = true,
                     .init = Init::product,
                     .gain = true,
                     .epsilon = epsilon,
                     .tied = tied},
            .longest_context = c.context};
}

NetworkSpec llama(const ModelConfig& c) { return llama_with(c, false); }

NetworkSpec llama_tied(const ModelConfig& c) { return llama_with(c, true); }

constexpr Architecture kModern = Architecture::modern;
constexpr Architecture kVanilla = Architecture::vanilla;
constexpr Architecture kGated{2};
constexpr Architecture kGatedRelu2{3};
constexpr Architecture kLlama{4};
constexpr Architecture kLlamaTied{5};

using Spec = NetworkSpec (*)(const ModelConfig& config);

constexpr Family like_modern(Architecture id, const char* name, const char* summary, Spec spec) {
    return {.id = id,
            .name = name,
            .summary = summary,
            .spec = spec,
            .cuts_context = false,
            .shares_keys = true,
            .arithmetic = Arithmetic::bf16,
            .cache = CachePrecision::bf16,
            .taps = 3,
            .recipe = Recipe::muon};
}

constexpr Family like_llama(Architecture id, const char* name, const char* summary, Spec spec, bool tied) {
    return {.id = id,
            .name = name,
            .summary = summary,
            .spec = spec,
            .cuts_context = false,
            .shares_keys = true,
            .arithmetic = Arithmetic::fp32,
            .cache = CachePrecision::fp32,
            .taps = 0,
            .recipe = Recipe::adamw,
            .norm_epsilon = 10'000,
            .tied = tied};
}

/// Files hold ids: what one means never changes once it was released.
constexpr Family kFamilies[] = {
    like_modern(kModern, "modern", "", modern),
    like_modern(kGated, "gated", "its MLP gated by SiLU", gated),
    like_modern(kGatedRelu2, "gated-relu2", "by squared ReLU", gated_relu2),
    like_llama(kLlama, "llama", "as imported models are", llama, false),
    like_llama(kLlamaTied, "llama-tied", "its output is the embedding", llama_tied, true),
    {.id = kVanilla,
     .name = "vanilla",
     .summary = "the paper's network",
     .spec = vanilla,
     .cuts_context = true,
     .shares_keys = false,
     .arithmetic = Arithmetic::fp32,
     .cache = CachePrecision::fp32,
     .taps = 0,
     .recipe = Recipe::adamw}};

// ---- presets ----

struct Preset {
    const char* name;
    Architecture family;
    std::uint32_t width, layers, heads, kv_heads, head_width, hidden, context, window;
};

/// modern: head width 32 and few key-value heads in bf16, because attention's speed grows with the former,
/// and the decoder's time with the size of its cache; products in bf16, because that trains to fewer bits in
/// the same minutes (experiments/00-speed/precision.md) and costs no time where it is emulated. vanilla: the
/// paper's sizes. gated: about as many parameters as without gates, in whole panels of 32 columns.
// clang-format off
constexpr Preset kPresets[] = {
    {.name = "50k", .family = kModern, .width = 32, .layers = 3, .heads = 2, .kv_heads = 1, .head_width = 16, .hidden = 128, .context = 512, .window = 256},
    {.name = "200k", .family = kModern, .width = 64, .layers = 4, .heads = 2, .kv_heads = 1, .head_width = 32, .hidden = 256, .context = 512, .window = 256},
    {.name = "800k", .family = kModern, .width = 128, .layers = 4, .heads = 4, .kv_heads = 2, .head_width = 32, .hidden = 512, .context = 1024, .window = 512},
    {.name = "3.2m", .family = kModern, .width = 256, .layers = 4, .heads = 8, .kv_heads = 2, .head_width = 32, .hidden = 1152, .context = 1024, .window = 512},
    {.name = "10m", .family = kModern, .width = 384, .layers = 6, .heads = 12, .kv_heads = 2, .head_width = 32, .hidden = 1664, .context = 1024, .window = 512},
    {.name = "gated-200k", .family = kGated, .width = 64, .layers = 4, .heads = 2, .kv_heads = 1, .head_width = 32, .hidden = 160, .context = 512, .window = 256},
    {.name = "gated-relu2-200k", .family = kGatedRelu2, .width = 64, .layers = 4, .heads = 2, .kv_heads = 1, .head_width = 32, .hidden = 160, .context = 512, .window = 256},
    {.name = "vanilla-200k", .family = kVanilla, .width = 64, .layers = 4, .heads = 4, .kv_heads = 4, .head_width = 16, .hidden = 256, .context = 2048, .window = 2048},
    {.name = "vanilla-800k", .family = kVanilla, .width = 128, .layers = 4, .heads = 4, .kv_heads = 4, .head_width = 32, .hidden = 512, .context = 2048, .window = 2048},
    {.name = "vanilla-3.2m", .family = kVanilla, .width = 256, .layers = 4, .heads = 8, .kv_heads = 8, .head_width = 32, .hidden = 1024, .context = 2048, .window = 2048},
};
// clang-format on
}  // namespace

std::string family_names() {
    std::string names;
    for (const Family& family : kFamilies) {
        names += names.empty() ? "" : &family == &kFamilies[std::size(kFamilies) - 1] ? ", or " : ", ";
        names += family.name;
        names += *family.summary != '\0' ? " (" + std::string(family.summary) + ")" : "";
    }
    return names;
}

std::string family_defaults(std::string (*value)(const Family& family)) {
    const std::string usual = value(kFamilies[0]);
    std::string others;
    for (const Family& family : kFamilies) {
        if (value(family) != usual) {
            others += (others.empty() ? " (" : ", ") + std::string(family.name) + ": " + value(family);
        }
    }
    return usual + others + (others.empty() ? "" : ")");
}

std::span<const Family> families() { return kFamilies; }

const Family& family_of(Architecture architecture) {
    for (const Family& family : kFamilies) {
        if (family.id == architecture) {
            return family;
        }
    }
    fail("model config: unknown architecture ", static_cast<int>(architecture),
         "; this file needs a newer bitlaw or is damaged");
}

NetworkSpec network_spec(const ModelConfig& config) { return family_of(config.architecture).spec(config); }

ModelConfig preset_config(const std::string& name) {
    std::string names;
    for (const Preset& p : kPresets) {
        if (name == p.name) {
            const Family& family = family_of(p.family);
            return {.architecture = p.family,
                    .arithmetic = family.arithmetic,
                    .cache = family.cache,
                    .alphabet = 256,
                    .width = p.width,
                    .layers = p.layers,
                    .heads = p.heads,
                    .kv_heads = p.kv_heads,
                    .head_width = p.head_width,
                    .hidden = p.hidden,
                    .context = p.context,
                    .window = p.window,
                    .taps = family.taps,
                    .norm_epsilon = family.norm_epsilon};
        }
        names += (names.empty() ? "" : ", ") + std::string(p.name);
    }
    fail_usage("there is no preset '", name, "'; choose one of ", names);
}

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (const Preset& preset : kPresets) {
        names.emplace_back(preset.name);
    }
    return names;
}

}  // namespace bitlaw::model
