#include "bitlaw/model/weight_format.hpp"

#include "bitlaw/base/error.hpp"

namespace bitlaw::model {

namespace {

const WeightFormat* find(std::uint8_t number) {
    for (const WeightFormat* format : kWeightFormats) {
        if (static_cast<std::uint8_t>(format->id) == number) {
            return format;
        }
    }
    return nullptr;
}

}  // namespace

bool is_weight_format(std::uint8_t number) { return find(number) != nullptr; }

const WeightFormat& weight_format(WeightFormatId id) {
    const WeightFormat* format = find(static_cast<std::uint8_t>(id));
    BITLAW_ASSERT(format != nullptr);
    return *format;
}

const char* weight_format_name(WeightFormatId id) { return weight_format(id).name; }

WeightFormatId parse_weight_format(const std::string& name) {
    for (const WeightFormat* format : kWeightFormats) {
        if (name == format->name) {
            return format->id;
        }
    }
    fail_usage("'", name, "' is not known; choose ", weight_format_names());
}

Names<WeightFormatId> weight_format_choices() {
    Names<WeightFormatId> choices;
    for (const WeightFormat* format : kWeightFormats) {
        choices.emplace(choices.begin(), format->name, format->id);  // the largest first
    }
    return choices;
}

std::string weight_format_names() {
    std::string names;
    const Names<WeightFormatId> choices = weight_format_choices();
    for (const auto& [name, id] : choices) {
        names += names.empty() ? "" : id == choices.back().second ? " or " : ", ";
        names += name;
    }
    return names;
}

}  // namespace bitlaw::model
