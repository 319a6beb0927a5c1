#include "bitlaw/studies/study_config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/baselines/compressor.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace baselines;

namespace {

using Words = std::vector<std::string>;

// Lists are short; a study of more runs than this is a mistake.
constexpr std::size_t kMostValues = 100;
constexpr std::uint64_t kMostConfigBytes = 1 << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50;

std::uint64_t whole(const std::string& word, std::uint64_t least, std::uint64_t most) {
    const std::uint64_t value = parse_size(word, "value");
    if (value < least || value > most) {
        fail_usage("'", word, "' must lie in ", least, " .. ", most);
    }
    return value;
}

double real(const std::string& word, double least, double most) {
    double value = 0;
    const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
    if (result.ec != std::errc{} || result.ptr != word.data() + word.size() ||
        !(value >= least && value <= most)) {
        fail_usage("'", word, "' must be a number in ", least, " .. ", most);
    }
    return value;
}

const std::string& only(const Words& words) {
    if (words.size() != 1) {
        fail_usage("one value is needed, not ", words.size());
    }
    return words.front();
}

template <class Number>
std::vector<Number> distinct(std::vector<Number> values) {
    if (values.empty() || values.size() > kMostValues) {
        fail_usage("1 to ", kMostValues, " values are needed, not ", values.size());
    }
    if (std::set<Number>(values.begin(), values.end()).size() != values.size()) {
        fail_usage("a value is given twice");
    }
    return values;
}

std::vector<std::uint64_t> whole_list(const Words& words, std::uint64_t least, std::uint64_t most) {
    std::vector<std::uint64_t> values;
    std::transform(words.begin(), words.end(), std::back_inserter(values),
                   [&](const std::string& word) { return whole(word, least, most); });
    return distinct(std::move(values));
}

// "1M" or "1M passes 1 2 4".
DataAmount amount_of(const Words& words) {
    if (words.empty() || words.size() == 2 || (words.size() > 2 && words[1] != "passes")) {
        fail_usage("write the bytes and how often they are read, such as '1M passes 1 2 4'");
    }
    DataAmount amount{whole(words[0], 1000, kMostBytes), {1}};
    if (words.size() > 2) {
        amount.passes = whole_list(Words(words.begin() + 2, words.end()), 1, 10'000);
        std::sort(amount.passes.begin(), amount.passes.end());
    }
    return amount;
}

Words compressors_of(const Words& words) {
    (void)choose_compressors(words);  // throws for one that there is not
    return distinct(words);
}

// Whether the one word is the second of the two that there are.
bool is_second(const Words& words, const char* first, const char* second) {
    if (only(words) != first && only(words) != second) {
        fail_usage("'", words[0], "' is not known; choose ", first, " or ", second);
    }
    return words[0] == second;
}

using Reader = std::function<void(StudyConfig&, const Words&)>;

template <class Field>
Reader real_reader(Field StudyConfig::*field, double least, double most) {
    return [=](StudyConfig& config, const Words& words) { config.*field = real(only(words), least, most); };
}

template <class Field>
Reader whole_reader(Field StudyConfig::*field, std::uint64_t least, std::uint64_t most) {
    return [=](StudyConfig& config, const Words& words) {
        config.*field = static_cast<Field>(whole(only(words), least, most));
    };
}

Reader list_reader(std::vector<std::uint64_t> StudyConfig::*field, std::uint64_t least, std::uint64_t most) {
    return [=](StudyConfig& config, const Words& words) { config.*field = whole_list(words, least, most); };
}

// Everything but title and folder, whose values may hold blanks.
const std::map<std::string, Reader>& readers() {
    using C = StudyConfig;
    static const std::map<std::string, Reader> known{
        {"data", [](C& c, const Words& w) { c.data = only(w); }},
        {"held_out", [](C& c, const Words& w) { c.held_out = only(w); }},
        {"held_out_bytes", whole_reader(&C::held_out_bytes, 1000, kMostBytes)},
        {"train_on", [](C& c, const Words& w) { c.train_on.push_back(amount_of(w)); }},
        {"sizes", list_reader(&C::sizes, 1000, std::uint64_t{1} << 30)},
        {"layers", whole_reader(&C::layers, 1, 256)},
        {"taps", whole_reader(&C::taps, 0, kMostTaps)},
        {"rotary_base", whole_reader(&C::rotary_base, 2, 1'000'000'000)},
        {"contexts",
         [](C& c, const Words& w) {
             const std::vector<std::uint64_t> values = whole_list(w, 16, std::uint64_t{1} << 20);
             c.contexts.assign(values.begin(), values.end());
         }},
        {"seeds", list_reader(&C::seeds, 0, kMostBytes)},
        {"most_kv_heads", whole_reader(&C::most_kv_heads, 1, 1024)},
        {"cache",
         [](C& c, const Words& w) {
             c.cache = is_second(w, "fp32", "bf16") ? CachePrecision::bf16 : CachePrecision::fp32;
         }},
        {"all_seeds_of_size",
         [](C& c, const Words& w) {
             if (w.size() != 3 || w[1] != "to_flops") {
                 fail_usage("write a size and a number of operations, such as '1.6M to_flops 5e14'");
             }
             c.seeds_of.push_back({whole(w[0], 1000, std::uint64_t{1} << 30), real(w[2], 0, 1e30)});
         }},
        {"all_seeds_to_flops", real_reader(&C::all_seeds_to_flops, 0, 1e30)},
        {"most_flops", real_reader(&C::most_flops, 0, 1e30)},
        {"precision",
         [](C& c, const Words& w) {
             c.arithmetic = is_second(w, "fp32", "bf16") ? Arithmetic::bf16 : Arithmetic::fp32;
         }},
        {"cooldown", real_reader(&C::cooldown, 0.01, 1)},
        {"share_within", real_reader(&C::share_within, 1, 1e6)},
        {"warmup", real_reader(&C::warmup, 0, 0.5)},
        {"batch_bytes", whole_reader(&C::batch_bytes, 16, std::uint64_t{1} << 30)},
        {"batch_power", real_reader(&C::batch_power, 0, 1)},
        {"learning_rate", real_reader(&C::learning_rate, 1e-9, 1000)},
        {"rate_width_power", real_reader(&C::rate_width_power, -2, 2)},
        {"rate_batch_power", real_reader(&C::rate_batch_power, -2, 2)},
        {"rate_bytes_power", real_reader(&C::rate_bytes_power, -2, 2)},
        {"weight_decay", real_reader(&C::weight_decay, 0, 1000)},
        {"bytes_per_parameter",
         [](C& c, const Words& w) {
             c.bytes_per_parameter.clear();
             for (const std::string& word : w) {
                 c.bytes_per_parameter.push_back(real(word, 1e-3, 1e3));
             }
             c.bytes_per_parameter = distinct(std::move(c.bytes_per_parameter));
         }},
        {"coded_bytes", list_reader(&C::coded_bytes, 1, kMostBytes)},
        {"predict_bytes", whole_reader(&C::predict_bytes, 1, kMostBytes)},
        {"compressors", [](C& c, const Words& w) { c.compressors = compressors_of(w); }},
        {"bootstrap", whole_reader(&C::bootstrap, 10, 100'000)},
    };
    return known;
}

std::string key_list() {
    std::string list = "title, folder";
    for (const auto& [key, reader] : readers()) {
        list += ", " + key;
    }
    return list;
}

void read_setting(StudyConfig& config, std::map<std::string, std::size_t>& seen, const Setting& setting,
                  const std::filesystem::path& path) {
    const std::string& key = setting.key;
    const auto [before, is_new] = seen.emplace(key, setting.line);
    if (!is_new && key != "train_on" && key != "all_seeds_of_size") {
        fail_usage(key, " is given before, in line ", before->second);
    }
    if (key == "title") {
        config.title = setting.value;
    } else if (key == "folder") {
        config.folder = path.parent_path() / setting.value;
    } else if (const auto found = readers().find(key); found != readers().end()) {
        try {
            found->second(config, setting.words);
        } catch (const UsageError& error) {
            fail_usage(key, ": ", error.what());
        }
    } else {
        fail_usage("there is no key '", key, "'; known are ", key_list());
    }
}

void require_complete(const StudyConfig& config, const std::map<std::string, std::size_t>& seen,
                      const std::filesystem::path& path) {
    for (const char* key : {"data", "held_out", "train_on", "sizes"}) {
        if (!seen.contains(key)) {
            fail_usage(path.string(), ": the key '", key, "' is missing");
        }
    }
    std::set<std::uint64_t> amounts;
    for (const DataAmount& amount : config.train_on) {
        if (!amounts.insert(amount.unique).second) {
            fail_usage(path.string(), ": two lines train_on have ", size_text(amount.unique),
                       " bytes; put all passes into one");
        }
    }
    for (const SeedLimit& limit : config.seeds_of) {
        if (std::find(config.sizes.begin(), config.sizes.end(), limit.size) == config.sizes.end()) {
            fail_usage(path.string(), ": all_seeds_of_size names ", size_text(limit.size),
                       ", which is none of the sizes");
        }
    }
    if (config.warmup + config.cooldown > 1.0) {
        fail_usage(path.string(), ": warmup and cooldown together are more than the whole run");
    }
}

}  // namespace

StudyConfig parse_study_config(const std::string& text, const std::filesystem::path& path) {
    StudyConfig config;
    config.folder = path;
    config.folder.replace_extension();
    if (config.folder == path) {
        config.folder += "-results";
    }
    config.title = path.stem().string();
    std::map<std::string, std::size_t> seen;
    for (const Setting& setting : parse_settings(text, path.string())) {
        try {
            read_setting(config, seen, setting, path);
        } catch (const UsageError& error) {
            fail_usage(path.string(), ":", setting.line, ": ", error.what());
        }
    }
    require_complete(config, seen, path);
    return config;
}

StudyConfig read_study_config(const std::filesystem::path& path) {
    return parse_study_config(read_text(path, kMostConfigBytes), path);
}

std::string size_text(std::uint64_t value) {
    constexpr std::array<std::pair<std::uint64_t, char>, 4> kUnits{
        {{1'000'000'000'000, 'T'}, {1'000'000'000, 'G'}, {1'000'000, 'M'}, {1'000, 'K'}}};
    for (const auto& [unit, letter] : kUnits) {
        // Up to three digits behind the point say all there is.
        if (value >= unit && value % (unit / 1000) == 0) {
            std::string text = std::to_string(value / unit);
            if (std::uint64_t rest = value % unit / (unit / 1000); rest != 0) {
                std::string digits = std::to_string(1000 + rest).substr(1);
                digits.erase(digits.find_last_not_of('0') + 1);
                text += '.' + digits;
            }
            return text + letter;
        }
    }
    return std::to_string(value);
}

}  // namespace bitlaw::studies
