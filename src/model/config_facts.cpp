#include "bitlaw/model/config_facts.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/model/config_fields.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {

void validate(const ModelConfig& c) {
    const Family& family = family_of(c.architecture);
    try {
        check_fields(model_fields(), c);
    } catch (const UsageError& error) {
        fail("model config: ", error.what(), "; choose another value or a preset");
    }
    if (c.kv_heads > c.heads || c.heads % c.kv_heads != 0) {
        fail("model config: ", c.heads, " heads cannot share ", c.kv_heads,
             " kv_heads evenly; choose a divisor");
    }
    if (c.window > c.context) {
        fail("model config: window is ", c.window, ", but must lie in the context of ", c.context);
    }
    const bool gains = family.norm_epsilon != 0;
    if ((family.cuts_context || gains) && c.taps != 0) {
        fail("model config: taps is ", c.taps, ", but ", family.name, " has none");
    }
    const std::uint32_t unit = gains ? 2 : 16;
    if (c.head_width % unit != 0) {
        fail("model config: head_width is ", c.head_width, ", but must be a multiple of ", unit);
    }
    constexpr std::uint32_t kMostEpsilon = 100'000'000;
    if (gains ? c.norm_epsilon == 0 || c.norm_epsilon > kMostEpsilon : c.norm_epsilon != 0) {
        fail("model config: the norms' epsilon is ", c.norm_epsilon, " units of 1e-9, but must lie in ",
             gains ? "1 .. 100000000" : "0 .. 0");
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
    if (parameter_count(c) > kMaxParameters) {
        fail("model config: it has ", parameter_count(c), " parameters, and at most ", kMaxParameters,
             " are possible; choose another value or a preset");
    }
}

void write_config(ByteWriter& writer, const ModelConfig& c) {
    for (const Field<ModelConfig>& field : model_fields()) {
        if (field.kind == FieldKind::choice) {
            writer.u8(static_cast<std::uint8_t>(field.number(c)));
        } else {
            writer.u32(static_cast<std::uint32_t>(field.number(c)));
        }
    }
    if (family_of(c.architecture).norm_epsilon != 0) {
        writer.u32(c.norm_epsilon);
    }
}

std::size_t config_bytes(std::uint8_t architecture) {
    const bool gains = family_of(static_cast<Architecture>(architecture)).norm_epsilon != 0;
    return kConfigBytes + (gains ? sizeof(std::uint32_t) : 0);
}

ModelConfig read_config(ByteReader& reader) {
    ModelConfig c;
    for (const Field<ModelConfig>& field : model_fields()) {
        field.set_number(c, field.kind == FieldKind::choice ? reader.u8() : reader.u32());
    }
    if (family_of(c.architecture).norm_epsilon != 0) {
        c.norm_epsilon = reader.u32();
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
