#include "bitlaw/base/fields.hpp"

#include <charconv>
#include <map>

#include "bitlaw/base/size.hpp"

namespace bitlaw {
namespace {

std::string replaced(std::string text, char from, char to) {
    std::replace(text.begin(), text.end(), from, to);
    return text;
}

const BoundField& field_named(const std::vector<BoundField>& fields, const std::string& key) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const BoundField& field) { return field.info.is_named(key); });
    if (found == fields.end()) {
        std::string list;
        for (const BoundField& field : fields) {
            if (!field.info.is_hidden) {
                list += (list.empty() ? "" : ", ") + field.info.name;
            }
        }
        fail_usage("there is no key '", key, "'; known are ", list);
    }
    return *found;
}

}  // namespace

std::uint64_t whole_value(const std::string& word, const WholeRange& range) {
    const std::uint64_t value = parse_size(word);
    if (value < range.min || value > range.max) {
        fail_usage("'", word, "' must lie in ", range.min, " .. ", range.max);
    }
    return value;
}

double real_value(const std::string& word, const RealRange& range) {
    double value = 0;
    const char* const end = word.data() + word.size();
    const auto result = std::from_chars(word.data(), end, value);
    if (result.ec != std::errc{} || result.ptr != end || !(value >= range.min && value <= range.max)) {
        fail_usage("'", word, "' must be a number in ", range.min, " .. ", range.max);
    }
    return value;
}

std::uint64_t flag_value(const std::string& word) {
    if (word == "true" || word == "false") {
        return word == "true" ? 1 : 0;
    }
    std::uint64_t count = 0;
    const char* const end = word.data() + word.size();
    if (const auto result = std::from_chars(word.data(), end, count);
        result.ec != std::errc{} || result.ptr != end || count > 1000) {
        fail_usage("'", word, "' must be true, false, or how often the flag is given");
    }
    return count;
}

const std::string& only_word(const Words& words) {
    if (words.size() != 1) {
        fail_usage("one value is needed, not ", words.size());
    }
    return words.front();
}

const std::string& only_name(const Words& words) { return only_word(only_names(words)); }

const Words& only_names(const Words& words) {
    if (std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.empty(); })) {
        fail_usage("the name is empty");
    }
    return words;
}

void require_in(const WholeRange& range, std::uint64_t value) {
    if (value < range.min || value > range.max) {
        fail_usage("must lie in ", range.min, " .. ", range.max);
    }
}

void require_in(const RealRange& range, double value) {
    if (!(value >= range.min && value <= range.max)) {
        fail_usage("must lie in ", range.min, " .. ", range.max);
    }
}

std::string choice_text(const Words& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    }
    return text;
}

std::string FieldInfo::shown_label() const { return label.empty() ? replaced(name, '_', ' ') : label; }

bool FieldInfo::is_named(std::string_view wanted) const {
    const std::string key = replaced(std::string(wanted), '-', '_');
    return key == name || std::find(old_names.begin(), old_names.end(), key) != old_names.end();
}

void read_settings(const std::vector<Setting>& settings, const std::string& file,
                   const std::vector<BoundField>& fields, std::set<std::string>& given) {
    const std::set<std::string> first = given;
    std::map<std::string, std::size_t> lines;
    for (const Setting& setting : settings) {
        try {
            const BoundField& field = field_named(fields, setting.key);
            const auto [before, is_new] = lines.emplace(field.info.name, setting.line);
            if (!is_new && !field.info.may_repeat) {
                fail_usage(setting.key, " is given before, in line ", before->second);
            }
            if (first.contains(field.info.name) || first.contains(field.info.excludes)) {
                continue;
            }
            try {
                field.read(setting.words);
            } catch (const UsageError& error) {
                fail_usage(setting.key, ": ", error.what());
            }
            given.insert(field.info.name);
        } catch (const UsageError& error) {
            fail_usage(file, ":", setting.line, ": ", error.what());
        }
    }
}

}  // namespace bitlaw
