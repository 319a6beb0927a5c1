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

const WeightFormat& weight_format(Precision precision) {
    const WeightFormat* format = find(static_cast<std::uint8_t>(precision));
    BITLAW_ASSERT(format != nullptr);
    return *format;
}

const char* precision_name(Precision precision) { return weight_format(precision).name; }

Precision parse_precision(const std::string& name) {
    for (const WeightFormat* format : kWeightFormats) {
        if (name == format->name) {
            return format->id;
        }
    }
    fail_usage("'", name, "' is not known; choose ", precision_names());
}

Names<Precision> precision_choices() {
    Names<Precision> choices;
    for (const WeightFormat* format : kWeightFormats) {
        choices.emplace(choices.begin(), format->name, format->id);  // the largest first
    }
    return choices;
}

std::string precision_names() {
    std::string names;
    const Names<Precision> choices = precision_choices();
    for (const auto& [name, id] : choices) {
        names += names.empty() ? "" : id == choices.back().second ? " or " : ", ";
        names += name;
    }
    return names;
}

}  // namespace bitlaw::model
