#include "bitlaw/model/config_facts.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {
namespace {

void check_range(const char* field, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value < least || value > most) {
        fail("model config: ", field, " is ", value, ", but must lie in ", least, " .. ", most,
             "; choose another value or a preset");
    }
}

}  // namespace

void validate(const ModelConfig& c) {
    const Family& family = family_of(c.architecture);
    if (c.arithmetic != Arithmetic::fp32 && c.arithmetic != Arithmetic::bf16) {
        fail("model config: unknown arithmetic ", static_cast<int>(c.arithmetic),
             "; this file needs a newer bitlaw or is damaged");
    }
    if (c.cache != CachePrecision::fp32 && c.cache != CachePrecision::bf16) {
        fail("model config: unknown cache precision ", static_cast<int>(c.cache),
             "; this file needs a newer bitlaw or is damaged");
    }
    check_range("alphabet", c.alphabet, 2, 65536);
    check_range("width", c.width, 1, 8192);
    check_range("layers", c.layers, 1, 256);
    check_range("heads", c.heads, 1, 1024);
    check_range("kv_heads", c.kv_heads, 1, c.heads);
    check_range("head_width", c.head_width, 16, 128);
    check_range("hidden", c.hidden, 1, 65536);
    check_range("context", c.context, 1, std::uint64_t{1} << 20);
    check_range("window", c.window, 1, c.context);
    check_range("rotary_base", c.rotary_base, 2, 1'000'000'000);
    check_range("taps", c.taps, 0, family.cuts_context ? 0 : kMostTaps);
    if (c.head_width % 16 != 0) {
        fail("model config: head_width is ", c.head_width, ", but must be a multiple of 16");
    }
    if (c.heads % c.kv_heads != 0) {
        fail("model config: ", c.heads, " heads cannot share ", c.kv_heads,
             " kv_heads evenly; choose a divisor");
    }
    if (family.cuts_context && c.window != c.context) {
        fail("model config: ", family.name, " attends to its whole context, so window must equal context (",
             c.context, ")");
    }
    if (c.arithmetic == Arithmetic::bf16 && c.context % 2 != 0) {
        // Gradients of weights sum pairs of tokens: none may cross sequences, or the cut into batches would
        // show.
        fail("model config: context is ", c.context, ", but must be even for bf16 arithmetic");
    }
    check_range("number of parameters", parameter_count(c), 1, std::uint64_t{1} << 31);
}

void write_config(ByteWriter& writer, const ModelConfig& c) {
    writer.u8(static_cast<std::uint8_t>(c.architecture));
    writer.u8(static_cast<std::uint8_t>(c.arithmetic));
    writer.u8(static_cast<std::uint8_t>(c.cache));
    for (const std::uint32_t field : {c.alphabet, c.width, c.layers, c.heads, c.kv_heads, c.head_width,
                                      c.hidden, c.context, c.window, c.rotary_base, c.taps}) {
        writer.u32(field);
    }
}

ModelConfig read_config(ByteReader& reader) {
    ModelConfig c;
    c.architecture = static_cast<Architecture>(reader.u8());
    c.arithmetic = static_cast<Arithmetic>(reader.u8());
    c.cache = static_cast<CachePrecision>(reader.u8());
    for (std::uint32_t* field : {&c.alphabet, &c.width, &c.layers, &c.heads, &c.kv_heads, &c.head_width,
                                 &c.hidden, &c.context, &c.window, &c.rotary_base, &c.taps}) {
        *field = reader.u32();
    }
    validate(c);
    return c;
}

std::uint64_t parameter_count(const ModelConfig& c) { return parameter_count(network_spec(c)); }

std::uint64_t multiplied_parameter_count(const ModelConfig& c) {
    return multiplied_parameter_count(network_spec(c));
}

double forward_flops(const ModelConfig& c, std::uint64_t first, std::uint64_t count) {
    return forward_flops(network_spec(c), first, count);
}

double training_flops(const ModelConfig& c, std::uint64_t positions) {
    return 3.0 * forward_flops(c, 0, positions);
}

std::string describe(const ModelConfig& c) {
    return text_of(family_of(c.architecture).name, ", ", c.layers, " layers of width ", c.width, ", ",
                   c.heads, " heads of ", c.head_width, " (", c.kv_heads, " for keys and values), MLP ",
                   c.hidden, ", context ", c.context, ", window ", c.window, ", alphabet ", c.alphabet,
                   ", taps ", c.taps, ", products in ", arithmetic_name(c.arithmetic),
                   ", keys and values in ", cache_name(c.cache), ", ", with_commas(parameter_count(c)),
                   " parameters");
}

}  // namespace bitlaw::model
