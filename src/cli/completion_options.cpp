#include <array>
#include <sstream>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/specs.hpp"
#include "completion.hpp"
#include "option_kinds.hpp"
#include "options.hpp"

namespace bitlaw::cli {

namespace {

// "a", "b", "c" of "choose a, b or c".
std::vector<std::string> names_in(const std::string& message) {
    const std::string mark = "choose ";
    const std::size_t at = message.rfind(mark);
    std::vector<std::string> names;
    if (at != std::string::npos) {
        std::istringstream words(message.substr(at + mark.size()));
        for (std::string word; words >> word;) {
            word.erase(word.find_last_not_of(",;") + 1);
            if (word != "or" && word != "of" && word != "some") {
                names.push_back(word);
            }
        }
    }
    return names;
}

// An option refuses a value that it does not know by naming those that it knows.
std::vector<std::string> choices_of(const std::string& command, const std::string& name,
                                    const std::string& type) {
    std::vector<std::string> choices;
    if (name == "--preset") {
        return model::preset_names();
    }
    if (type.starts_with("FILE|")) {
        return choices;
    }
    if (type.find('|') != std::string::npos) {
        std::istringstream words(type);
        for (std::string word; std::getline(words, word, '|');) {
            choices.push_back(word);
        }
        return choices;
    }
    if (type != "NAME" && type != "SET" && type != "WHEN" && type != "KIND") {
        return choices;
    }
    with_app(command, [&](App& app) {
        const std::array<const char*, 2> words{name.empty() ? "?" : name.c_str(), "?"};
        try {
            (void)parse_words(app, name.empty() ? 1 : 2, words.data());
        } catch (const UsageError& error) {
            choices = names_in(error.what());
        }
    });
    return choices;
}

std::string one_line(std::string text) {
    for (char& c : text) {
        c = c == '\n' ? ' ' : c;
    }
    return text;
}

}  // namespace

std::vector<CompletedOption> options_of(const std::string& command) {
    std::vector<CompletedOption> options;
    with_app(command, [&](App& app) {
        for (const CLI::Option* option : app.get_options()) {
            if (option->get_group().empty()) {
                continue;
            }
            CompletedOption completed;
            for (const std::string& name : option->get_snames()) {
                completed.names.push_back("-" + name);
            }
            for (const std::string& name : option->get_lnames()) {
                completed.names.push_back("--" + name);
            }
            completed.help = one_line(option->get_description());
            completed.type = option->get_items_expected_max() == 0 ? "" : option->get_type_name();
            completed.repeats = option->get_items_expected_max() > 1;
            options.push_back(std::move(completed));
        }
    });
    for (CompletedOption& option : options) {
        if (!option.type.empty()) {
            option.choices =
                choices_of(command, option.names.empty() ? "" : option.names.back(), option.type);
        }
    }
    return options;
}

}  // namespace bitlaw::cli
