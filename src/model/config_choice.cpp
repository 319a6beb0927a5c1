#include "bitlaw/model/config_choice.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/config_fields.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {
namespace {

// Integer arithmetic, so that the same request gives the same config everywhere.
std::uint32_t in_proportion(std::uint32_t value, std::uint32_t width, std::uint32_t preset_width) {
    const std::uint64_t scaled = std::uint64_t{value} * width / preset_width;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(scaled, 1, UINT32_MAX));
}

}  // namespace

std::vector<BoundField> asked_fields(FieldWords& asked) {
    std::vector<BoundField> list;
    for (const Field<ModelConfig>& field : model_fields()) {
        const auto keep = [&field, &asked](const Words& words) {
            ModelConfig tried;
            field.read(tried, words);
            asked[field.info.name] = words;
        };
        list.push_back({field.info, field.kind, keep, {}});
        list.back().info.group = "Network";
    }
    return list;
}

ModelConfig config_from(const std::string& preset, const FieldWords& asked) {
    const ModelConfig original = preset_config(preset);
    ModelConfig config = original;
    for (const Field<ModelConfig>& field : model_fields()) {
        if (const auto found = asked.find(field.info.name); found != asked.end()) {
            field.read(config, found->second);
        }
    }
    const auto derive = [&](const char* name, auto& value, auto derived) {
        if (!asked.contains(name)) {
            value = derived;
        }
    };
    const Family& family = family_of(config.architecture);
    if (family.tied) {
        fail_usage("networks of the family ", family.name, " are imported, not trained; choose another one");
    }
    if (config.architecture != original.architecture) {
        derive("cache", config.cache, family.cache);
    }
    config.norm_epsilon = family.norm_epsilon;
    derive("taps", config.taps, family.cuts_context || family.norm_epsilon != 0 ? 0 : config.taps);
    derive("heads", config.heads, in_proportion(original.heads, config.width, original.width));
    derive("hidden", config.hidden, in_proportion(original.hidden, config.width, original.width));
    // The greatest divisor of the heads that is not above the preset's share.
    std::uint32_t kv_heads =
        family.shares_keys ? in_proportion(original.kv_heads, config.heads, original.heads) : config.heads;
    while (kv_heads > 1 && config.heads % kv_heads != 0) {
        --kv_heads;
    }
    derive("kv_heads", config.kv_heads, kv_heads);
    derive("window", config.window,
           family.cuts_context ? config.context : std::min(config.window, config.context));
    try {
        validate(config);
    } catch (const Error& error) {
        throw UsageError(error.what());
    }
    return config;
}

}  // namespace bitlaw::model
