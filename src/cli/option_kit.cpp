#include "option_kit.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"

namespace bitlaw::cli {
namespace {

// CLI11 takes "[a,b]" for a list of "a" and "b", also where it is a file's name. A word that ends in ] gets
// this behind it, which every reader takes away again.
constexpr char kGuard = '\x01';

std::string guarded(std::string word) { return word.ends_with(']') ? word + kGuard : word; }

std::string unguarded(std::string word) {
    if (word.ends_with(kGuard)) {
        word.pop_back();
    }
    return word;
}

}  // namespace

// Numbers are read from text here, because CLI11 takes 010 for 8 and knows no K, M, G.
CLI::Option* text_option(App& app, const std::string& names,
                         const std::function<void(const std::string&)>& read,
                         const std::string& shown_default, const std::string& help) {
    const auto read_unguarded = [read](const std::string& text) { read(unguarded(text)); };
    return app.add_option_function<std::string>(names, read_unguarded, help)
        ->type_name("X")
        ->default_str(shown_default);
}

std::uint64_t read_number(const std::string& text, const std::string& names, std::uint64_t least,
                          std::uint64_t most) {
    const std::uint64_t value = parse_size(text, names.c_str());
    if (value < least || value > most) {
        fail_usage(names, ": ", text, " is out of range; it must lie in ", least, " .. ", most);
    }
    return value;
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
        std::transform(words.begin(), words.end(), std::back_inserter(files), unguarded);
    };
    return app.add_option_function<std::vector<std::string>>(names, read, help)->type_name("FILE");
}

CLI::Option* name_option(App& app, const std::string& names, std::string& value, const char* type,
                         const std::string& help) {
    return text_option(
               app, names, [&value](const std::string& text) { value = text; }, "", help)
        ->type_name(type);
}

void add_common(App& app, CommonOptions& common, bool with_json) {
    // The range is checked here too, so that --threads 0 is refused before any work.
    number_option(app, "-T,--threads", common.threads, "threads; changes speed only, never a bit",
                  "all processors", 1, kMostThreads);
    app.add_flag("-q,--quiet", common.quiet, "no summaries, no progress; twice: no error messages either");
    app.add_flag("-v,--verbose", common.verbose, "say more");
    if (with_json) {
        app.add_flag("--json", common.json, "print JSON");
    }
}

std::optional<HelpText> parse_words(App& app, int argc, const char* const* argv) {
    std::vector<std::string> words;
    std::transform(argv, argv + argc, std::back_inserter(words), guarded);
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
