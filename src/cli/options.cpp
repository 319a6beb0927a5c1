#include "options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <memory>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/model/config_choice.hpp"
#include "bitlaw/train/train_fields.hpp"
#include "completion.hpp"
#include "help.hpp"
#include "learning_options.hpp"
#include "option_kinds.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace train;

namespace {

void add_train(FieldOptions& options, TrainArguments& a) {
    options.add_file("--config",
                     "options from a file of name=value lines, such as the train.conf of a run; the command "
                     "line counts first");
    for (const BoundField& field : bound(train_fields(), a.options)) {
        options.add(field);
        if (field.info.name == "preset") {
            for (const BoundField& of_network : asked_fields(a.network)) {
                options.add(of_network);
            }
        }
    }
    add_common(options, a.common, false);
}

void add_eval(FieldOptions& options, EvalArguments& a) {
    App& app = options.app();
    name_option(app, "-m,--model", a.model, "MODEL", "model file or training folder (default: searched for)");
    files_option(app, "--data", a.data, "files to measure; FILE@BEGIN:END for a range of bytes");
    app.add_flag(
        "--copying", a.copying,
        "instead of files: random words, and the same words repeated at once; whether the model copies");
    text_option(
        app, "--protocol",
        [&a](const std::string& text) {
            a.protocol = named_value(
                Names<Protocol>{{"continuous", Protocol::continuous}, {"chunked", Protocol::chunked}}, text);
        },
        "continuous",
        "continuous: as archives by the network alone; chunked: independent chunks, the paper's way")
        ->type_name("NAME");
    number_option(app, "--chunk", a.chunk_bytes, "bytes of a chunk", text_of(a.chunk_bytes),
                  {1, std::uint64_t{1} << 30});
    mix_option(
        app,
        [&a](std::optional<predict::ExpertSet> set) {
            a.mix = set;
            a.mix_is_given = true;
        },
        "instead of the network alone: archives that mix it with experts; with -m none the full set, unless "
        "named");
    name_option(app, "--html", a.html, "FILE",
                "write a page with every byte in the colour of its bits, what the network expected under the "
                "pointer, and with --mix both beside each other; FILE is overwritten");
    number_option(app, "--html-bytes", a.html_bytes, "bytes that the page shows at most", "100K",
                  {1, 1'000'000});
    name_option(app, "--per-byte", a.per_byte, "FILE",
                "write the bits of every byte as FILE.npy (float64) or FILE.csv, which is overwritten");
    app.add_flag("--experts", a.experts, "with --mix: what each expert is worth, left out one at a time");
    add_learning(options, a.learning);
    add_common(options, a.common, true);
}

void add_sample(FieldOptions& options, SampleArguments& a) {
    App& app = options.app();
    name_option(app, "-m,--model", a.model, "MODEL", "model file or training folder (default: searched for)");
    name_option(app, "--prompt", a.prompt, "TEXT", "what the model reads first; it is not printed");
    name_option(app, "--prompt-file", a.prompt_file, "FILE", "the same from a file");
    number_option(app, "--bytes", a.bytes, "bytes to write", text_of(a.bytes));
    real_option(app, "--temperature", a.temperature, "1: as the model predicts; 0: always the likeliest byte",
                text_of(a.temperature), {0, 100});
    number_option(app, "--top-k", a.top_k, "draw among the likeliest of so many; 0: among all",
                  text_of(a.top_k));
    real_option(app, "--top-p", a.top_p, "draw among the likeliest that have this share together",
                text_of(a.top_p), {0.0001, 1});
    number_option(app, "--seed", a.seed, "of the draws", text_of(a.seed));
    mix_option(
        app, [&a](std::optional<predict::ExpertSet> set) { a.mix = set; },
        "instead of the network alone: mixed with experts; with -m none the experts alone (full by default)");
    name_option(app, "--compressor", a.compressor, "NAME",
                "instead of a model a compressor of `bitlaw table` (gzip, xz, ppmd, ...): what it would code "
                "in fewer bytes is "
                "likelier");
    number_option(
        app, "--look-ahead", a.look_ahead,
        "with --compressor: bytes drawn at once; of 1 any, of more those that the text has somewhere",
        text_of(a.look_ahead), {1, 64});
    add_learning(options, a.learning);
    add_common(options, a.common, false);
}

void add_plot(FieldOptions& options, PlotArguments& a) {
    App& app = options.app();
    files_option(app, "runs", a.runs, "training folders, or files like their metrics.csv")
        ->required()
        ->type_name("RUN");
    text_option(
        app, "--x",
        [&a](const std::string& text) {
            a.axis = named_value(Names<CurveAxis>{{"bytes", CurveAxis::bytes},
                                                  {"flops", CurveAxis::flops},
                                                  {"minutes", CurveAxis::minutes}},
                                 text);
        },
        "bytes", "what bits per byte are drawn against: bytes, flops (operations of training) or minutes")
        ->type_name("NAME");
    app.add_flag("--log", a.log_x, "a logarithmic axis for it");
    name_option(app, "-o,--output", a.output, "FILE",
                "draw an SVG with gnuplot instead, which is overwritten");
    app.add_flag("--terminal", a.terminal,
                 "draw in the terminal too: braille where it knows UTF-8, otherwise ASCII");
    add_common(options, a.common, false);
}

std::string joined(int argc, const char* const* argv) {
    std::string line = "bitlaw";
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const bool plain =
            !word.empty() && word.find_first_of(" \t\n\"'\\$`*?[]()<>|&;#~!{}") == std::string::npos;
        line += plain ? " " + word : " '" + word + "'";
    }
    return line;
}

template <class Arguments, class Add>
Command command(int argc, const char* const* argv, Arguments arguments, const Add& add) {
    const CommandHelp& help = help_of(argv[1]);
    App app(help.text, std::string("bitlaw ") + argv[1]);
    app.set_help_flag("-h,--help", "this text");
    FieldOptions options(app);
    add(options, arguments);
    if (argc == 2 && help.needs_options) {
        return HelpText{app.help(), 2};
    }
    if (auto text = parse_words(app, argc - 2, argv + 2)) {
        return *std::move(text);
    }
    options.finish();
    arguments.common.command_line = joined(argc, argv);
    return arguments;
}

ArchiveArguments archive_arguments(ArchiveMode mode) {
    ArchiveArguments arguments;
    arguments.mode = mode;
    return arguments;
}

// go(arguments, add) of a command: what it is asked for, and the function that adds its options.
template <class Go>
std::optional<Command> with_command(const std::string& name, const Go& go) {
    if (name == "train") {
        return go(TrainArguments{}, add_train);
    }
    if (name == "compress") {
        return go(archive_arguments(ArchiveMode::compress), add_archive);
    }
    if (name == "decompress") {
        return go(archive_arguments(ArchiveMode::decompress), add_archive);
    }
    if (name == "test") {
        return go(archive_arguments(ArchiveMode::test), add_archive);
    }
    if (name == "list") {
        return go(archive_arguments(ArchiveMode::list), add_archive);
    }
    if (name == "recover") {
        return go(RecoverArguments{}, [](FieldOptions& options, RecoverArguments& a) {
            App& app = options.app();
            name_option(app, "file", a.file, "ARCHIVE", "what is left of an archive, or of several, joined");
            name_option(app, "-o,--output", a.output, "OUT",
                        "what is restored; - for standard output (required)");
            name_option(
                app, "-m,--model", a.model, "MODEL",
                "model file or training folder (default: searched for); where the archive's header is "
                "damaged, the model that made it");
            app.add_flag("-f,--force", a.force, "overwrite OUT");
            add_common(options, a.common, true);
        });
    }
    if (name == "export") {
        return go(ExportArguments{}, add_export);
    }
    if (name == "import") {
        return go(ImportArguments{}, add_import);
    }
    if (name == "tokenizer") {
        return go(TokenizerArguments{}, add_tokenizer);
    }
    if (name == "eval") {
        return go(EvalArguments{}, add_eval);
    }
    if (name == "levels") {
        return go(LevelsArguments{}, [](FieldOptions& options, LevelsArguments& a) {
            App& app = options.app();
            name_option(app, "file", a.file, "FILE", "compress and restore its beginning with every level");
            number_option(app, "--bytes", a.bytes, "of the file that are measured", text_of(a.bytes),
                          {1, coding::kMaxBlockBytes});
            add_common(options, a.common, true);
        });
    }
    if (name == "sample") {
        return go(SampleArguments{}, add_sample);
    }
    if (name == "plot") {
        return go(PlotArguments{}, add_plot);
    }
    if (name == "info") {
        return go(InfoArguments{}, [](FieldOptions& options, InfoArguments& a) {
            App& app = options.app();
            name_option(app, "subject", a.subject, "FILE|PRESET",
                        "a model, an archive, a tokenizer or a preset; none: this build and machine");
            add_common(options, a.common, true);
        });
    }
    if (name == "data") {
        return go(DataArguments{}, add_data);
    }
    if (name == "table") {
        return go(TableArguments{}, add_table);
    }
    if (name == "bench") {
        return go(BenchArguments{}, [](FieldOptions& options, BenchArguments& a) {
            App& app = options.app();
            number_option(app, "--runs", a.runs, "measurements of each, of which the median counts",
                          text_of(a.runs), {1, 1000});
            app.add_flag("--quick", a.quick, "fewer and smaller cases, at most 3 runs");
            name_option(app, "--only", a.only, "TEXT", "only the kernels and steps whose names begin so");
            app.add_flag(
                "--ranks", a.ranks,
                "steps that ranks share, and what of a step is communication, instead of kernels; so "
                "it is under mpirun");
            add_common(options, a.common, true);
        });
    }
    if (name == "study") {
        return go(StudyArguments{}, add_study);
    }
    return std::nullopt;
}

}  // namespace

std::string command_name(int argc, const char* const* argv) {
    return argc > 1 && is_command(argv[1]) ? argv[1] : "";
}

void with_app(const std::string& name, const std::function<void(App&)>& visit) {
    (void)with_command(name, [&](auto arguments, const auto& add) -> std::optional<Command> {
        App app(help_of(name).text, "bitlaw " + name);
        app.set_help_flag("-h,--help", "this text");
        FieldOptions options(app);
        add(options, arguments);
        visit(app);
        return HelpText{};
    });
}

Command parse_command_line(int argc, const char* const* argv) {
    if (argc < 2) {
        // "tar -I bitlaw -cf x.tar.blw ...", as with zstd and xz: a filter between two programs compresses.
        if (is_pipe(STDIN_FILENO) && !is_terminal(STDOUT_FILENO)) {
            const std::array<const char*, 2> words{argv[0], "compress"};
            return parse_command_line(2, words.data());
        }
        return HelpText{general_help(), 2};
    }
    const std::string name = argv[1];
    if (name == "help" && argc > 2) {
        if (argc > 3 || !is_command(argv[2])) {
            fail_usage("help: there is no command '", argv[argc - 1], "'; see 'bitlaw --help'");
        }
        const std::array<const char*, 3> words{argv[0], argv[2], "--help"};
        return parse_command_line(static_cast<int>(words.size()), words.data());
    }
    if (name == "completion") {
        return HelpText{completion_script(argc == 3 ? argv[2] : ""), 0};
    }
    if (name == "-h" || name == "--help" || name == "help") {
        return HelpText{general_help(), 0};
    }
    if (name == "-V" || name == "--version" || name == "version") {
        return HelpText{version_text(), 0};
    }
    if (std::optional<Command> known =
            with_command(name, [&](auto arguments, const auto& add) -> std::optional<Command> {
                return command(argc, argv, std::move(arguments), add);
            })) {
        return *std::move(known);
    }
    if (name.starts_with('-')) {
        // "bitlaw -d FILE" and "bitlaw -", as in zstd and xz.
        std::vector<const char*> words{argv[0], "compress"};
        words.insert(words.end(), argv + 1, argv + argc);
        return parse_command_line(static_cast<int>(words.size()), words.data());
    }
    fail_usage("there is no command '", name, "'; see 'bitlaw --help'");
}

}  // namespace bitlaw::cli
