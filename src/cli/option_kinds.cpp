#include "option_kinds.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text_file.hpp"

namespace bitlaw::cli {
namespace {

constexpr char kGuard = '\x01';

std::string dashed(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return "--" + name;
}

// Reads with the option's long name in front of what is wrong.
void read_named(const std::string& names, const std::function<void()>& read) {
    try {
        read();
    } catch (const UsageError& error) {
        fail_usage(names.substr(names.rfind(',') + 1), ": ", error.what());
    }
}

template <class Number, class Value>
CLI::Option* add_number(App& app, const std::string& names, Value& value, const std::string& help,
                        const std::string& shown_default, WholeRange range) {
    range.max = std::min<std::uint64_t>(range.max, std::numeric_limits<Number>::max());
    const auto read = [&value, range](const std::string& text) {
        value = static_cast<Number>(whole_value(text, range));
    };
    return text_option(app, names, read, shown_default, help)->type_name("N");
}

const char* type_of(FieldKind kind) {
    switch (kind) {
        case FieldKind::whole: return "N";
        case FieldKind::real: return "X";
        case FieldKind::list: return "FILE";
        case FieldKind::text: return "TEXT";
        default: return "NAME";
    }
}

// What the help shows: nothing for a value that stands for none.
std::string shown_default(const BoundField& field) {
    if (!field.info.shown_default.empty()) {
        return field.info.shown_default;
    }
    const bool is_shown = !field.info.is_required && field.kind != FieldKind::flag &&
                          field.value.size() == 1 && field.value.front() != "0";
    return is_shown ? field.value.front() : "";
}

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
    const auto read_unguarded = [read, names](const std::string& text) {
        read_named(names, [&] { read(unguarded(text)); });
    };
    CLI::Option* const option = app.add_option_function<std::string>(names, read_unguarded, help)
                                    ->type_name("X")
                                    ->default_str(shown_default);
    // Given twice, the last counts, as in xz and zstd: what a script or an alias gives can be given again.
    return option->get_positional() ? option : option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* number_option(App& app, const std::string& names, std::uint64_t& value, const std::string& help,
                           const std::string& shown_default, WholeRange range) {
    return add_number<std::uint64_t>(app, names, value, help, shown_default, range);
}

CLI::Option* number_option(App& app, const std::string& names, std::optional<std::uint64_t>& value,
                           const std::string& help, const std::string& shown_default, WholeRange range) {
    return add_number<std::uint64_t>(app, names, value, help, shown_default, range);
}

CLI::Option* real_option(App& app, const std::string& names, double& value, const std::string& help,
                         const std::string& shown_default, RealRange range) {
    const auto read = [&value, range](const std::string& text) { value = real_value(text, range); };
    return text_option(app, names, read, shown_default, help)->type_name("X");
}

void add_files(const Words& words, std::vector<std::string>& files) {
    // CLI11 takes "-9" for a number. What stands behind "--" has a guard.
    for (const std::string& word : words) {
        if (word.size() > 1 && word.front() == '-' && !word.ends_with(kGuard)) {
            fail_usage("'", word, "' is no option (levels are -1 to -9); for a file of that name write ./",
                       word);
        }
    }
    Words given(words.size());
    std::transform(words.begin(), words.end(), given.begin(), unguarded);
    files.insert(files.end(), given.begin(), given.end());
}

CLI::Option* mix_option(App& app, const std::function<void(std::optional<predict::ExpertSet>)>& read,
                        const std::string& help) {
    return text_option(
               app, "--mix", [read](const std::string& text) { read(predict::parse_expert_set(text)); },
               "none", help)
        ->type_name("SET");
}

CLI::Option* files_option(App& app, const std::string& names, std::vector<std::string>& files,
                          const std::string& help) {
    const auto read = [&files, names](const Words& words) {
        add_files(words, files);
        read_named(names, [&] { (void)only_names(files); });
    };
    return app.add_option_function<Words>(names, read, help)->type_name("FILE");
}

CLI::Option* name_option(App& app, const std::string& names, std::string& value, const char* type,
                         const std::string& help) {
    return text_option(
               app, names,
               [&value, is_text = std::string_view(type) == "TEXT"](const std::string& text) {
                   value = is_text ? text : only_name({text});
               },
               "", help)
        ->type_name(type);
}

void add_common(FieldOptions& options, CommonOptions& common, bool with_json) {
    // The range is checked here, so that it is refused before any work; 0 means all, as in zstd and xz.
    const auto read_threads = [&common](const Words& words) {
        const std::uint64_t count = whole_value(only_word(words), {0, kMostThreads});
        common.threads = count == 0 ? std::nullopt : std::optional<std::size_t>(count);
    };
    const auto flag = [](auto& value) {
        return [&value](const Words& words) {
            value = static_cast<std::remove_reference_t<decltype(value)>>(flag_value(only_word(words)));
        };
    };
    options.add({{.name = "threads",
                  .help = "threads; 0: all processors; changes speed only, never a bit",
                  .shown_default = "all processors",
                  .letter = "-T"},
                 FieldKind::whole,
                 read_threads,
                 {}});
    options.add({{.name = "quiet",
                  .help = "no summaries, no progress; twice: no error messages either",
                  .letter = "-q"},
                 FieldKind::flag,
                 flag(common.quiet),
                 {}});
    options.add(
        {{.name = "verbose", .help = "say more", .letter = "-v"}, FieldKind::flag, flag(common.verbose), {}});
    if (with_json) {
        options.add({{.name = "json", .help = "print JSON"}, FieldKind::flag, flag(common.json), {}});
    }
}

void FieldOptions::add(const BoundField& field) {
    const FieldInfo& info = field.info;
    fields_.push_back(field);
    if (info.help.empty()) {
        return;
    }
    const std::string name = dashed(info.name);
    const auto read = [this, field](const Words& words) {
        field.read(words);
        if (!given_.insert(field.info.name).second) {
            fail_usage("it is given under two names; give one");
        }
    };
    const auto add_one = [&](const std::string& names, const std::string& help, const std::string& group) {
        if (field.kind == FieldKind::flag) {
            app_.add_flag_function(
                    names,
                    [read, names](std::int64_t count) {
                        read_named(names, [&] { read({std::to_string(count)}); });
                    },
                    help)
                ->group(group);
        } else if (field.kind == FieldKind::list) {
            const auto read_files = [read, names](const Words& words) {
                Words files;
                add_files(words, files);
                read_named(names, [&] { read(files); });
            };
            app_.add_option_function<Words>(names, read_files, help)
                ->type_name(type_of(field.kind))
                ->group(group);
        } else {
            text_option(
                app_, names, [read](const std::string& text) { read({text}); }, shown_default(field), help)
                ->type_name(info.type.empty() ? type_of(field.kind) : info.type)
                ->group(group);
        }
    };
    const std::string group = info.is_hidden ? "" : info.group.empty() ? "Options" : info.group;
    add_one(info.letter.empty() ? name : info.letter + "," + name,
            info.help + (info.is_required ? " (required)" : ""), group);
    for (const std::string& old_name : info.old_names) {
        if (dashed(old_name) != info.letter) {
            add_one(dashed(old_name), info.help, "");
        }
    }
}

void FieldOptions::add_file(const std::string& name, const std::string& help) {
    name_option(app_, name, file_, "FILE", help);
}

void FieldOptions::finish() {
    for (const BoundField& field : fields_) {
        if (given_.contains(field.info.name) && given_.contains(field.info.excludes)) {
            fail_usage(dashed(field.info.name), " and ", dashed(field.info.excludes),
                       " exclude each other; give one of them");
        }
    }
    if (!file_.empty()) {
        constexpr std::uint64_t kMaxFileBytes = 1 << 24;
        read_settings(parse_settings(read_text(file_, kMaxFileBytes), file_), file_, fields_, given_);
    }
    for (const BoundField& field : fields_) {
        if (field.info.is_required && !given_.contains(field.info.name)) {
            fail_usage(dashed(field.info.name), " is required; see '", app_.get_name(), " --help'");
        }
    }
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
