#include "bitlaw/studies/study_config.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/size.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/model/config_fields.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace baselines;
using namespace predict;

namespace {

// Lists are short; a study of more runs than this is a mistake.
constexpr std::size_t kMostValues = 100;
constexpr std::uint64_t kMostConfigBytes = 1 << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50;

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

template <class Number>
std::vector<Number> whole_list(const Words& words, const WholeRange& range) {
    std::vector<Number> values;
    std::transform(words.begin(), words.end(), std::back_inserter(values),
                   [&](const std::string& word) { return static_cast<Number>(whole_value(word, range)); });
    return distinct(std::move(values));
}

// "1M" or "1M passes 1 2 4".
DataAmount amount_of(const Words& words) {
    if (words.empty() || words.size() == 2 || (words.size() > 2 && words[1] != "passes")) {
        fail_usage("write the bytes and how often they are read, such as '1M passes 1 2 4'");
    }
    DataAmount amount{whole_value(words[0], {1000, kMostBytes}), {1}};
    if (words.size() > 2) {
        amount.passes = whole_list<std::uint64_t>(Words(words.begin() + 2, words.end()), {1, 10'000});
        std::sort(amount.passes.begin(), amount.passes.end());
    }
    return amount;
}

using C = StudyConfig;

// A field that a function reads.
Field<C> special(FieldInfo info, FieldKind kind, std::function<void(C&, const Words&)> read) {
    return {std::move(info), kind, std::move(read), {}, {}, {}, {}};
}

template <class Number>
Field<C> list_of(std::vector<Number> C::*member, const WholeRange& range, FieldInfo info) {
    return special(std::move(info), FieldKind::list,
                   [=](C& c, const Words& words) { c.*member = whole_list<Number>(words, range); });
}

// A line or a word of sbatch; what a shell or a script would take for its end is refused.
void require_plain(const std::string& text) {
    if (text.empty() || std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' '; })) {
        fail_usage("a line without control characters is needed");
    }
}

Field<C> slurm_text(std::string SlurmSettings::*member, FieldInfo info) {
    return special(std::move(info), FieldKind::text, [=](C& c, const Words& words) {
        require_plain(only_name(words));
        c.slurm.*member = only_name(words);
    });
}

Field<C> slurm_number(std::uint64_t SlurmSettings::*member, FieldInfo info) {
    return special(std::move(info), FieldKind::whole, [=](C& c, const Words& words) {
        c.slurm.*member = whole_value(only_word(words), {1, 1'000'000});
    });
}

// What the rule of sizes decides; everything else of a network is the config's.
bool is_of_rule(const std::string& name) {
    static const std::set<std::string> names{"architecture", "alphabet", "width",   "heads", "kv_heads",
                                             "head_width",   "hidden",   "context", "window"};
    return names.contains(name);
}

// Everything but title and folder, whose values may hold blanks.
const Fields<C>& study_fields() {
    static const Fields<C> fields = [] {
        const RealRange flops{0, 1e30};
        const RealRange power{-2, 2};
        // clang-format off
        Fields<C> list{
            text_field(&C::data, {.name = "data", .is_required = true}),
            text_field(&C::held_out, {.name = "held_out", .is_required = true}),
            whole_field(&C::held_out_bytes, {1000, kMostBytes}, {.name = "held_out_bytes"}),
            special({.name = "mix"}, FieldKind::choice,
                    [](C& c, const Words& words) { c.mix = parse_expert_set(only_word(words)); }),
            special({.name = "train_on", .may_repeat = true, .is_required = true}, FieldKind::list,
                    [](C& c, const Words& words) { c.train_on.push_back(amount_of(words)); }),
            list_of(&C::sizes, {1000, std::uint64_t{1} << 30}, {.name = "sizes", .is_required = true}),
            whole_field(&C::most_kv_heads, {1, 1024}, {.name = "most_kv_heads"}),
            list_of(&C::prequential, {1000, kMostBytes}, {.name = "prequential"}),
            special({.name = "bits"}, FieldKind::list, [](C& c, const Words& words) {
                std::vector<double> values;
                for (const std::string& word : words) {
                    values.push_back(real_value(word, {1, 16}));
                }
                c.bits = distinct(std::move(values));
            }),
            list_of(&C::contexts, {16, std::uint64_t{1} << 20}, {.name = "contexts"}),
            list_of(&C::seeds, {0, kMostBytes}, {.name = "seeds"}),
            special({.name = "all_seeds_of_size", .may_repeat = true}, FieldKind::list, [](C& c, const Words& words) {
                if (words.size() != 3 || words[1] != "to_flops") {
                    fail_usage("write a size and a number of operations, such as '1.6M to_flops 5e14'");
                }
                c.seeds_of.push_back({whole_value(words[0], {1000, std::uint64_t{1} << 30}), real_value(words[2], {0, 1e30})});
            }),
            real_field(&C::all_seeds_to_flops, flops, {.name = "all_seeds_to_flops"}),
            real_field(&C::most_flops, flops, {.name = "most_flops"}),
            real_field(&C::cooldown, {0.01, 1}, {.name = "cooldown"}),
            real_field(&C::share_within, {1, 1e6}, {.name = "share_within"}),
            real_field(&C::warmup, {0, 0.5}, {.name = "warmup"}),
            whole_field(&C::batch_bytes, {16, std::uint64_t{1} << 30}, {.name = "batch_bytes"}),
            real_field(&C::batch_power, {0, 1}, {.name = "batch_power"}),
            real_field(&C::learning_rate, {1e-9, 1000}, {.name = "learning_rate"}),
            real_field(&C::rate_width_power, power, {.name = "rate_width_power"}),
            real_field(&C::rate_batch_power, power, {.name = "rate_batch_power"}),
            real_field(&C::rate_bytes_power, power, {.name = "rate_bytes_power"}),
            real_field(&C::weight_decay, {0, 1000}, {.name = "weight_decay"}),
            special({.name = "bytes_per_parameter"}, FieldKind::list, [](C& c, const Words& words) {
                std::vector<double> values;
                for (const std::string& word : words) {
                    values.push_back(real_value(word, {1e-3, 1e3}));
                }
                c.bytes_per_parameter = distinct(std::move(values));
            }),
            list_of(&C::coded_bytes, {1, kMostBytes}, {.name = "coded_bytes"}),
            whole_field(&C::predict_bytes, {1, kMostBytes}, {.name = "predict_bytes"}),
            special({.name = "predict_rate", .may_repeat = true}, FieldKind::list, [](C& c, const Words& words) {
                if (words.size() < 3 || words[1] != "on") {
                    fail_usage("write parameters, bytes and passes, such as '3.2M on 100M passes 1 3'");
                }
                c.predict_rates.push_back({whole_value(words[0], {1000, kMostBytes}), amount_of(Words(words.begin() + 2, words.end()))});
            }),
            special({.name = "compressors"}, FieldKind::list, [](C& c, const Words& words) {
                (void)choose_compressors(words);  // throws for one that there is not
                c.compressors = distinct(words);
            }),
            whole_field(&C::bootstrap, {10, 100'000}, {.name = "bootstrap"}),
            slurm_text(&SlurmSettings::partition, {.name = "slurm_partition"}),
            slurm_text(&SlurmSettings::account, {.name = "slurm_account"}),
            slurm_text(&SlurmSettings::time, {.name = "slurm_time"}),
            slurm_text(&SlurmSettings::memory, {.name = "slurm_memory"}),
            slurm_number(&SlurmSettings::cores, {.name = "slurm_cores"}),
            slurm_number(&SlurmSettings::at_once, {.name = "slurm_at_once"}),
            special({.name = "slurm_line", .may_repeat = true}, FieldKind::text, [](C& c, const Words& words) {
                require_plain(only_name(words));
                c.slurm.lines.push_back(only_name(words));
            }),
        };
        // clang-format on
        for (const Field<ModelConfig>& field : model_fields()) {
            if (!is_of_rule(field.info.name)) {
                list.push_back(lifted(field, &C::network));
            }
        }
        return list;
    }();
    return fields;
}

void require_complete(const C& config, const std::set<std::string>& given,
                      const std::filesystem::path& path) {
    for (const Field<C>& field : study_fields()) {
        if (field.info.is_required && !given.contains(field.info.name)) {
            fail_usage(path.string(), ": the key '", field.info.name, "' is missing");
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
    std::vector<Setting> settings = parse_settings(text, path.string());
    for (Setting& setting : settings) {
        const std::set<std::string> with_blanks{"title", "folder", "rivals", "slurm_line"};
        if (with_blanks.contains(setting.key)) {
            setting.words = {setting.value};
        }
    }
    std::vector<BoundField> fields = bound(study_fields(), config);
    fields.push_back({{.name = "title"},
                      FieldKind::text,
                      [&](const Words& words) { config.title = only_name(words); },
                      {}});
    fields.push_back({{.name = "folder"},
                      FieldKind::text,
                      [&](const Words& words) { config.folder = path.parent_path() / only_name(words); },
                      {}});
    fields.push_back({{.name = "rivals"},
                      FieldKind::text,
                      [&](const Words& words) { config.rivals = path.parent_path() / only_name(words); },
                      {}});
    std::set<std::string> given;
    read_settings(settings, path.string(), fields, given);
    require_complete(config, given, path);
    return config;
}

double most_passes(const StudyConfig& config, double amount) {
    std::uint64_t most = 1;
    for (const DataAmount& a : config.train_on) {
        if (static_cast<double>(a.unique) == amount) {
            most = a.passes.back();
        }
    }
    return static_cast<double>(most);
}

std::string study_network_text(const StudyConfig& config) {
    std::string text;
    for (const Field<ModelConfig>& field : model_fields()) {
        if (!is_of_rule(field.info.name) && field.info.name != "layers") {
            text += text_of(text.empty() ? "" : "; ", field.info.shown_label(), ' ',
                            field.write(config.network).front());
        }
    }
    return text;
}

StudyConfig read_study_config(const std::filesystem::path& path) {
    return parse_study_config(read_text(path, kMostConfigBytes), path);
}

}  // namespace bitlaw::studies
