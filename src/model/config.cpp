#include "bitlaw/model/config.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"

namespace bitlaw::model {
namespace {

struct Preset {
    const char* name;
    ModelConfig config;
};

/// vanilla: issue 15 of the paper's repository. modern: head width 32 and few key-value heads in bf16,
/// because attention's speed grows with the former, and the decoder's time with the size of its cache;
/// products in bf16, because that trains to fewer bits in the same minutes
/// (experiments/00-speed/precision.md) and costs no time where it is emulated.
// clang-format off
constexpr std::array<Preset, 8> kPresets = {{
    {"50k", {Architecture::modern, Arithmetic::bf16, CachePrecision::bf16, 256, 32, 3, 2, 1, 16, 128, 512, 256, 10000, 3}},
    {"200k", {Architecture::modern, Arithmetic::bf16, CachePrecision::bf16, 256, 64, 4, 2, 1, 32, 256, 512, 256, 10000, 3}},
    {"800k", {Architecture::modern, Arithmetic::bf16, CachePrecision::bf16, 256, 128, 4, 4, 2, 32, 512, 1024, 512, 10000, 3}},
    {"3.2m", {Architecture::modern, Arithmetic::bf16, CachePrecision::bf16, 256, 256, 4, 8, 2, 32, 1152, 1024, 512, 10000, 3}},
    {"10m", {Architecture::modern, Arithmetic::bf16, CachePrecision::bf16, 256, 384, 6, 12, 2, 32, 1664, 1024, 512, 10000, 3}},
    {"vanilla-200k", {Architecture::vanilla, Arithmetic::fp32, CachePrecision::fp32, 256, 64, 4, 4, 4, 16, 256, 2048, 2048, 10000, 0}},
    {"vanilla-800k", {Architecture::vanilla, Arithmetic::fp32, CachePrecision::fp32, 256, 128, 4, 4, 4, 32, 512, 2048, 2048, 10000, 0}},
    {"vanilla-3.2m", {Architecture::vanilla, Arithmetic::fp32, CachePrecision::fp32, 256, 256, 4, 8, 8, 32, 1024, 2048, 2048, 10000, 0}},
}};
// clang-format on

void check_range(const char* field, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value < least || value > most) {
        fail("model config: ", field, " is ", value, ", but must lie in ", least, " .. ", most,
             "; choose another value or a preset");
    }
}

std::uint64_t layer_parameters(const ModelConfig& c) {
    const std::uint64_t attended = std::uint64_t{c.heads} * c.head_width;
    const std::uint64_t keys_values = 2 * std::uint64_t{c.kv_heads} * c.head_width;
    const std::uint64_t matrices =
        std::uint64_t{c.width} * (2 * attended + keys_values) + 2 * std::uint64_t{c.width} * c.hidden;
    const std::uint64_t biases_and_gains =
        c.architecture == Architecture::vanilla ? std::uint64_t{c.hidden} + 5 * std::uint64_t{c.width} : 0;
    return matrices + biases_and_gains;
}

/// Sum over positions first .. first+count-1 of the number of visible keys, min(t + 1, window).
double visible_keys(std::uint64_t window, std::uint64_t first, std::uint64_t count) {
    const auto sum_below = [window](std::uint64_t end) {
        const auto rising = static_cast<double>(std::min(end, window));
        const double flat =
            end > window ? static_cast<double>(end - window) * static_cast<double>(window) : 0.0;
        return rising * (rising + 1) / 2 + flat;
    };
    return sum_below(first + count) - sum_below(first);
}

}  // namespace

const char* arithmetic_name(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::bf16 ? "bf16" : "fp32";
}

const char* cache_name(CachePrecision cache) { return cache == CachePrecision::bf16 ? "bf16" : "fp32"; }

void validate(const ModelConfig& c) {
    if (c.architecture != Architecture::vanilla && c.architecture != Architecture::modern) {
        fail("model config: unknown architecture ", static_cast<int>(c.architecture),
             "; this file needs a newer bitlaw or is damaged");
    }
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
    check_range("taps", c.taps, 0, c.architecture == Architecture::vanilla ? 0 : kMostTaps);
    if (c.head_width % 16 != 0) {
        fail("model config: head_width is ", c.head_width, ", but must be a multiple of 16");
    }
    if (c.heads % c.kv_heads != 0) {
        fail("model config: ", c.heads, " heads cannot share ", c.kv_heads,
             " kv_heads evenly; choose a divisor");
    }
    if (c.architecture == Architecture::vanilla && c.window != c.context) {
        fail("model config: vanilla attends to its whole context, so window must equal context (", c.context,
             ")");
    }
    if (c.arithmetic == Arithmetic::bf16 && c.context % 2 != 0) {
        // Gradients of weights sum pairs of tokens: none may cross sequences, or the cut into batches would
        // show.
        fail("model config: context is ", c.context, ", but must be even for bf16 arithmetic");
    }
    check_range("number of parameters", parameter_count(c), 1, std::uint64_t{1} << 31);
}

ModelConfig preset_config(const std::string& name) {
    for (const Preset& preset : kPresets) {
        if (name == preset.name) {
            return preset.config;
        }
    }
    std::string names;
    for (const std::string& known : preset_names()) {
        names += (names.empty() ? "" : ", ") + known;
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

std::uint64_t parameter_count(const ModelConfig& c) {
    return multiplied_parameter_count(c) + (std::uint64_t{c.alphabet} + c.taps) * c.width;
}

std::uint64_t multiplied_parameter_count(const ModelConfig& c) {
    const std::uint64_t output_bias = c.architecture == Architecture::vanilla ? c.alphabet : 0;
    return c.layers * layer_parameters(c) + std::uint64_t{c.width} * c.alphabet + output_bias;
}

double forward_flops(const ModelConfig& c, std::uint64_t first, std::uint64_t count) {
    const double products =
        2.0 * static_cast<double>(multiplied_parameter_count(c)) * static_cast<double>(count);
    const double attention = 4.0 * c.layers * c.heads * c.head_width * visible_keys(c.window, first, count);
    return products + attention;
}

double training_flops(const ModelConfig& c, std::uint64_t positions) {
    return 3.0 * forward_flops(c, 0, positions);
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

std::string describe(const ModelConfig& c) {
    return text_of(c.architecture == Architecture::vanilla ? "vanilla" : "modern", ", ", c.layers,
                   " layers of width ", c.width, ", ", c.heads, " heads of ", c.head_width, " (", c.kv_heads,
                   " for keys and values), MLP ", c.hidden, ", context ", c.context, ", window ", c.window,
                   ", alphabet ", c.alphabet, ", taps ", c.taps, ", products in ",
                   arithmetic_name(c.arithmetic), ", keys and values in ", cache_name(c.cache), ", ",
                   with_commas(parameter_count(c)), " parameters");
}

}  // namespace bitlaw::model
