#include "bitlaw/model/config_fields.hpp"

#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {
namespace {

Names<Architecture> family_choices() {
    Names<Architecture> names;
    for (const Family& family : families()) {
        names.emplace_back(family.name, family.id);
    }
    return names;
}

}  // namespace

const Fields<ModelConfig>& model_fields() {
    using C = ModelConfig;
    using P = CachePrecision;
    // clang-format off
    static const Fields<ModelConfig> fields{
        choice_field(&C::architecture, family_choices(), {.name = "architecture", .help = family_names()}),
        choice_field(&C::arithmetic, {{"fp32", Arithmetic::fp32}, {"bf16", Arithmetic::bf16}},
            {.name = "arithmetic", .help = "of products with weights, in training and coding: fp32, or bf16 summed in fp32; part of the model",
             .label = "products in", .shown_default = family_defaults([](const Family& f) -> std::string { return arithmetic_name(f.arithmetic); }), .old_names = {"precision"}, .record = "precision"}),
        choice_field(&C::cache, {{"fp32", P::fp32}, {"bf16", P::bf16}},
            {.name = "cache", .help = "what keys and values are rounded to, in training and coding: fp32 or bf16; part of the model",
             .label = "keys and values in", .shown_default = family_defaults([](const Family& f) -> std::string { return cache_name(f.cache); }), .record = "cache"}),
        whole_field(&C::alphabet, {2, 131072}, {.name = "alphabet"}),
        whole_field(&C::width, {1, 8192}, {.name = "width", .help = "width of the layers; heads and MLP follow"}),
        whole_field(&C::layers, {1, 256}, {.name = "layers", .help = "number of layers"}),
        whole_field(&C::heads, {1, 1024}, {.name = "heads", .help = "attention heads"}),
        whole_field(&C::kv_heads, {1, 1024}, {.name = "kv_heads", .help = "heads of keys and values", .label = "key-value heads"}),
        whole_field(&C::head_width, {2, 128}, {.name = "head_width", .help = "width of a head, a multiple of 16"}),
        whole_field(&C::hidden, {1, 65536}, {.name = "hidden", .help = "width of the MLP", .label = "width of the MLP"}),
        whole_field(&C::context, {1, std::uint64_t{1} << 20}, {.name = "context", .help = "bytes of a training sequence"}),
        whole_field(&C::window, {1, std::uint64_t{1} << 20}, {.name = "window", .help = "bytes that a position sees"}),
        whole_field(&C::rotary_base, {2, 1'000'000'000}, {.name = "rotary_base", .help = "longest wavelength of the rotary positions / 2 pi"}),
        whole_field(&C::taps, {0, kMostTaps}, {.name = "taps", .help = "earlier bytes whose embeddings enter a position directly"}),
    };
    // clang-format on
    return fields;
}

}  // namespace bitlaw::model
