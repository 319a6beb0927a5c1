#include "option_kinds.hpp"

#include <algorithm>
#include <charconv>
#include <istream>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/settings.hpp"

namespace bitlaw::cli {
namespace {

constexpr char kGuard = '\x01';

std::uint64_t read_number(const std::string& text, const std::string& names, std::uint64_t least,
                          std::uint64_t most) {
    const std::uint64_t value = parse_size(text, names.c_str());
    if (value < least || value > most) {
        fail_usage(names, ": ", text, " is out of range; it must lie in ", least, " .. ", most);
    }
    return value;
}

template <class Number, class Value>
CLI::Option* add_number(App& app, const std::string& names, Value& value, const std::string& help,
                        const std::string& shown_default, std::uint64_t least, std::uint64_t most) {
    const std::uint64_t greatest = std::min<std::uint64_t>(most, std::numeric_limits<Number>::max());
    const auto read = [&value, names, least, greatest](const std::string& text) {
        value = static_cast<Number>(read_number(text, names, least, greatest));
    };
    return text_option(app, names, read, shown_default, help)->type_name("N");
}

// CLI11 wants a class here. Reads the settings of a file for the options of an application.
class SettingsConfig : public CLI::Config {
   public:
    explicit SettingsConfig(App& app) : app_(&app) {}

    std::string to_config(const CLI::App* /*app*/, bool /*default_also*/, bool /*write_description*/,
                          std::string /*prefix*/) const override {
        return {};
    }

    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
        const std::string name = app_->get_config_ptr()->as<std::string>();
        const std::string text(std::istreambuf_iterator<char>(input), {});
        std::vector<CLI::ConfigItem> found;
        std::map<std::string, std::size_t> seen;
        for (const Setting& setting : parse_settings(text, name)) {
            CLI::ConfigItem item;
            item.name = setting.key;
            std::replace(item.name.begin(), item.name.end(), '_', '-');
            const CLI::Option* const option = app_->get_option_no_throw("--" + item.name);
            if (option == nullptr || !option->get_configurable()) {
                fail_usage(name, ":", setting.line, ": there is no option '", setting.key, "'; see '",
                           app_->get_name(), " --help'");
            }
            if (const auto [before, is_new] = seen.emplace(item.name, setting.line); !is_new) {
                fail_usage(name, ":", setting.line, ": ", setting.key, " is given before, in line ",
                           before->second);
            }
            if (setting.words.size() > 1 && option->get_items_expected_max() <= 1) {
                fail_usage(name, ":", setting.line, ": ", setting.key, " needs one value, not ",
                           setting.words.size());
            }
            for (const std::string& word : setting.words) {
                item.inputs.push_back(word + kGuard);
            }
            found.push_back(std::move(item));
        }
        return found;
    }

    // true, false, or a number for those that may be given several times.
    std::string to_flag(const CLI::ConfigItem& item) const override {
        return item.inputs.empty() ? std::string() : unguarded(item.inputs.front());
    }

   private:
    App* app_;
};

}  // namespace

std::string guarded(std::string word) {
    return word.ends_with(']') || word.ends_with(kGuard) ? word + kGuard : word;
}

std::string unguarded(std::string word) {
    if (word.ends_with(kGuard)) {
        word.pop_back();
    }
    return word;
}

CLI::Option* text_option(App& app, const std::string& names,
                         const std::function<void(const std::string&)>& read,
                         const std::string& shown_default, const std::string& help) {
    const auto read_unguarded = [read](const std::string& text) { read(unguarded(text)); };
    CLI::Option* const option = app.add_option_function<std::string>(names, read_unguarded, help)
                                    ->type_name("X")
                                    ->default_str(shown_default);
    // Given twice, the last counts, as in xz and zstd: what a script or an alias gives can be given again.
    return option->get_positional() ? option : option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* number_option(App& app, const std::string& names, std::uint64_t& value, const std::string& help,
                           const std::string& shown_default, std::uint64_t least, std::uint64_t most) {
    return add_number<std::uint64_t>(app, names, value, help, shown_default, least, most);
}

CLI::Option* number_option(App& app, const std::string& names, std::optional<std::uint64_t>& value,
                           const std::string& help, const std::string& shown_default, std::uint64_t least,
                           std::uint64_t most) {
    return add_number<std::uint64_t>(app, names, value, help, shown_default, least, most);
}

CLI::Option* number_option(App& app, const std::string& names, std::optional<std::uint32_t>& value,
                           const std::string& help, const std::string& shown_default, std::uint64_t least,
                           std::uint64_t most) {
    return add_number<std::uint32_t>(app, names, value, help, shown_default, least, most);
}

CLI::Option* real_option(App& app, const std::string& names, double& value, const std::string& help,
                         const std::string& shown_default, double least, double most) {
    const auto read = [&value, names, least, most](const std::string& text) {
        const char* const end = text.data() + text.size();
        double number = 0;
        const auto result = std::from_chars(text.data(), end, number);
        if (result.ec != std::errc{} || result.ptr != end || !(number >= least && number <= most)) {
            fail_usage(names, ": '", text, "' must be a number in ", least, " .. ", most);
        }
        value = number;
    };
    return text_option(app, names, read, shown_default, help);
}

CLI::Option* files_option(App& app, const std::string& names, std::vector<std::string>& files,
                          const std::string& help) {
    const auto read = [&files](const std::vector<std::string>& words) {
        // CLI11 takes "-9" for a number. What stands behind "--" has a guard.
        for (const std::string& word : words) {
            if (word.size() > 1 && word.front() == '-' && !word.ends_with(kGuard)) {
                fail_usage("'", word,
                           "' is no option (there are no levels); for a file of that name write ./", word);
            }
        }
        std::transform(words.begin(), words.end(), std::back_inserter(files), unguarded);
    };
    return app.add_option_function<std::vector<std::string>>(names, read, help)->type_name("FILE");
}

CLI::Option* name_option(App& app, const std::string& names, std::string& value, const char* type,
                         const std::string& help) {
    return text_option(
               app, names,
               [&value, names, is_text = std::string_view(type) == "TEXT"](const std::string& text) {
                   if (text.empty() && !is_text) {
                       fail_usage(names, ": the name is empty");
                   }
                   value = text;
               },
               "", help)
        ->type_name(type);
}

void add_common(App& app, CommonOptions& common, bool with_json) {
    // The range is checked here, so that it is refused before any work; 0 means all, as in zstd and xz.
    text_option(
        app, "-T,--threads",
        [&common](const std::string& text) {
            const std::uint64_t count = read_number(text, "-T,--threads", 0, kMostThreads);
            common.threads = count == 0 ? std::nullopt : std::optional<std::size_t>(count);
        },
        "all processors", "threads; 0: all processors; changes speed only, never a bit")
        ->type_name("N");
    app.add_flag("-q,--quiet", common.quiet, "no summaries, no progress; twice: no error messages either");
    app.add_flag("-v,--verbose", common.verbose, "say more");
    if (with_json) {
        app.add_flag("--json", common.json, "print JSON");
    }
}

void config_option(App& app, const std::string& name, const std::string& help) {
    app.set_config(name, "", help)->type_name("FILE");
    app.config_formatter(std::make_shared<SettingsConfig>(app));
}

std::optional<HelpText> parse_words(App& app, int argc, const char* const* argv) {
    std::vector<std::string> words;
    bool options_ended = false;
    for (int i = 0; i < argc; ++i) {
        const std::string word = argv[i];
        words.push_back(options_ended ? word + kGuard : guarded(word));
        options_ended = options_ended || word == "--";
    }
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    try {
        app.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
        return HelpText{app.help(), 0};
    } catch (const CLI::ParseError& error) {
        fail_usage(error.what(), "; see '", app.get_name(), " --help'");
    }
    return std::nullopt;
}

}  // namespace bitlaw::cli
