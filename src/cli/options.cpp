#include "options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/model/specs.hpp"
#include "help.hpp"
#include "option_kinds.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace train;

namespace {

/// A word that is one of two names.
template <class Value>
CLI::Option* choice_option(App& app, const char* name, Value& value, const char* first,
                           std::type_identity_t<Value> first_value, const char* second,
                           std::type_identity_t<Value> second_value, const char* shown_default,
                           const char* help) {
    const auto read = [=, &value](const std::string& text) {
        if (text != first && text != second) {
            fail_usage(name, ": '", text, "' is not known; choose ", first, " or ", second);
        }
        value = text == first ? first_value : second_value;
    };
    return text_option(app, name, read, shown_default, help)->type_name("NAME");
}

void add_config(App& app, ConfigOverrides& config) {
    const auto read_family = [&config](const std::string& text) {
        config.architecture = family_named(text, "--architecture").id;
    };
    text_option(app, "--architecture", read_family, "", family_names())->type_name("NAME")->group("Network");
    choice_option(
        app, "--precision", config.arithmetic, "fp32", Arithmetic::fp32, "bf16", Arithmetic::bf16,
        "modern: bf16, vanilla: fp32",
        "of products with weights, in training and coding: fp32, or bf16 summed in fp32; part of the model")
        ->group("Network");
    choice_option(
        app, "--cache", config.cache, "fp32", CachePrecision::fp32, "bf16", CachePrecision::bf16,
        "modern: bf16, vanilla: fp32",
        "what keys and values are rounded to, in training and coding: fp32 or bf16; part of the model")
        ->group("Network");
    const auto field = [&](const char* name, std::optional<std::uint32_t>& value, const char* help) {
        number_option(app, name, value, help, {}, 1)->group("Network");
    };
    field("--width", config.width, "width of the layers; heads and MLP follow");
    field("--layers", config.layers, "number of layers");
    field("--heads", config.heads, "attention heads");
    field("--kv-heads", config.kv_heads, "heads of keys and values");
    field("--head-width", config.head_width, "width of a head");
    field("--hidden", config.hidden, "width of the MLP");
    field("--context", config.context, "bytes of a training sequence");
    field("--window", config.window, "bytes that a position sees");
    number_option(app, "--taps", config.taps, "earlier bytes whose embeddings enter a position directly", {},
                  0, kMostTaps)
        ->group("Network");
    field("--rotary-base", config.rotary_base, "longest wavelength of the rotary positions / 2 pi");
}

void add_train(App& app, TrainArguments& a) {
    TrainOptions& o = a.options;
    config_option(app, "--config",
                  "options from a file of name=value lines, such as the train.conf of a run; the command "
                  "line counts first");
    files_option(app, "--data", o.data,
                 "training files; FILE@BEGIN:END for a range of bytes, FILE:0.7 for a share of the sequences")
        ->required();
    files_option(app, "--validation", o.validation, "held-out files, likewise");
    text_option(
        app, "-o,--out", [&o](const std::string& text) { o.out = text; }, "",
        "folder for model.blm, state.bls, metrics.csv, run.json and train.conf")
        ->type_name("DIR")
        ->required();
    auto* const tokens = number_option(app, "--tokens", o.tokens, "bytes to train on", "20 a parameter", 1);
    real_option(app, "--minutes", o.minutes, "time to train for: calibrated once to a number of tokens", "",
                1e-3, 1e6)
        ->excludes(tokens);
    app.add_flag("--resume", o.resume, "continue the run in DIR; the other options must be the same");
    app.add_flag("-f,--force", o.overwrite, "allow a DIR that holds another run, and overwrite it");
    text_option(
        app, "--preset", [&o](const std::string& text) { o.preset = text; }, o.preset,
        "sizes of the network: " + preset_list())
        ->type_name("NAME")
        ->group("Network");
    add_config(app, a.overrides);
    text_option(
        app, "--model-precision",
        [&o](const std::string& text) {
            o.precision = parse_precision(text, "--model-precision");
            if (o.precision == Precision::int8) {
                fail_usage("--model-precision: int8 is made of a trained model; see 'bitlaw export --help'");
            }
        },
        "bf16", "how the weights are stored: bf16 or fp32")
        ->type_name("NAME")
        ->group("Network");

    const std::string group = "Training";
    number_option(app, "--seed", o.seed, "of the weights and of the order of the data", text_of(o.seed))
        ->group(group);
    number_option(app, "--batch-tokens", o.batch_tokens, "bytes a step", text_of(o.batch_tokens), 1)
        ->group(group);
    number_option(app, "--micro-batch-tokens", o.micro_batch_tokens,
                  "bytes in memory at once; changes memory, never a bit",
                  "1024 or 2048 by width, at least a sequence")
        ->group(group);
    real_option(app, "--lr", o.learning_rate, "peak learning rate", "by width and bytes", 0, 10)
        ->group(group);
    choice_option(app, "--optimizer", o.optimizer, "adamw", Optimizer::adamw, "muon", Optimizer::muon,
                  "muon (modern), adamw (vanilla)",
                  "of the hidden matrices: adamw or muon; the rest is AdamW's")
        ->group(group);
    real_option(app, "--matrix-lr", o.matrix_learning_rate, "Muon's peak learning rate", "by width and bytes",
                0, 10)
        ->group(group);
    real_option(app, "--momentum", o.momentum, "Muon's memory of the gradient", text_of(o.momentum), 0, 1)
        ->group(group);
    real_option(app, "--warmup", o.warmup, "share of the steps with a rising rate", text_of(o.warmup), 0, 1)
        ->group(group);
    real_option(app, "--decay", o.decay, "share of the steps, at the end, with a falling rate",
                text_of(o.decay), 0, 1)
        ->group(group);
    real_option(app, "--beta1", o.beta1, "AdamW's memory of the gradient", text_of(o.beta1), 0, 1)
        ->group(group);
    real_option(app, "--beta2", o.beta2, "AdamW's memory of its square", text_of(o.beta2), 0, 1)
        ->group(group);
    real_option(app, "--epsilon", o.epsilon, "AdamW's epsilon", text_of(o.epsilon), 0, 1)->group(group);
    real_option(app, "--weight-decay", o.weight_decay, "on matrices", text_of(o.weight_decay), 0, 10)
        ->group(group);
    real_option(app, "--clip", o.clip, "greatest norm of the gradient; 0: none", text_of(o.clip), 0, 1e9)
        ->group(group);
    number_option(app, "--validate-every", o.validate_every, "steps between validations",
                  "a twentieth of the run")
        ->group(group);
    number_option(app, "--validation-bytes", o.validation_bytes, "bytes read of the validation data",
                  text_of(o.validation_bytes), 1)
        ->group(group);
    number_option(app, "--save-every", o.save_every, "steps between saved states", "about every 2 minutes")
        ->group(group);
    // Hidden: an empty group. Tests of resume need a stop at a known step.
    number_option(app, "--stop-after-steps", o.stop_after_steps, "save and stop early")->group("");
    add_common(app, a.common, false);
}

void add_eval(App& app, EvalArguments& a) {
    name_option(app, "-m,--model", a.model, "MODEL", "model file or training folder (default: searched for)");
    files_option(app, "--data", a.data, "files to measure; FILE@BEGIN:END for a range of bytes");
    app.add_flag(
        "--copying", a.copying,
        "instead of files: random words, and the same words repeated at once; whether the model copies");
    choice_option(
        app, "--protocol", a.protocol, "continuous", Protocol::continuous, "chunked", Protocol::chunked,
        "continuous",
        "continuous: as archives by the network alone; chunked: independent chunks, the paper's way");
    number_option(app, "--chunk", a.chunk_bytes, "bytes of a chunk", text_of(a.chunk_bytes), 1,
                  std::uint64_t{1} << 30);
    add_common(app, a.common, true);
}

void add_sample(App& app, SampleArguments& a) {
    name_option(app, "-m,--model", a.model, "MODEL", "model file or training folder (default: searched for)");
    name_option(app, "--prompt", a.prompt, "TEXT", "what the model reads first; it is not printed");
    number_option(app, "--bytes", a.bytes, "bytes to write", text_of(a.bytes));
    real_option(app, "--temperature", a.temperature, "1: as the model predicts; 0: always the likeliest byte",
                text_of(a.temperature), 0, 100);
    number_option(app, "--seed", a.seed, "of the draws", text_of(a.seed));
    add_common(app, a.common, false);
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
    add(app, arguments);
    if (argc == 2 && help.needs_options) {
        return HelpText{app.help(), 2};
    }
    if (auto text = parse_words(app, argc - 2, argv + 2)) {
        return *std::move(text);
    }
    arguments.common.command_line = joined(argc, argv);
    return arguments;
}

Command archive(int argc, const char* const* argv, ArchiveMode mode) {
    ArchiveArguments arguments;
    arguments.mode = mode;
    return command(argc, argv, std::move(arguments),
                   [](App& app, ArchiveArguments& a) { add_archive(app, a); });
}

}  // namespace

std::string command_name(int argc, const char* const* argv) {
    return argc > 1 && is_command(argv[1]) ? argv[1] : "";
}

Command parse_command_line(int argc, const char* const* argv) {
    if (argc < 2) {
        // "tar -I bitlaw -cf x.tar.blw ...", as with zstd and xz: a filter between two programs compresses.
        if (is_pipe(STDIN_FILENO) && !is_terminal(STDOUT_FILENO)) {
            const std::array<const char*, 2> words{argv[0], "compress"};
            return archive(2, words.data(), ArchiveMode::compress);
        }
        return HelpText{general_help(), 2};
    }
    const std::string name = argv[1];
    if (name == "-h" || name == "--help" || name == "help") {
        return HelpText{general_help(), 0};
    }
    if (name == "-V" || name == "--version" || name == "version") {
        return HelpText{version_text(), 0};
    }
    if (name == "train") {
        return command(argc, argv, TrainArguments{}, [](App& app, TrainArguments& a) { add_train(app, a); });
    }
    if (name == "compress") {
        return archive(argc, argv, ArchiveMode::compress);
    }
    if (name == "decompress") {
        return archive(argc, argv, ArchiveMode::decompress);
    }
    if (name == "test") {
        return archive(argc, argv, ArchiveMode::test);
    }
    if (name == "list") {
        return archive(argc, argv, ArchiveMode::list);
    }
    if (name == "export") {
        return command(argc, argv, ExportArguments{}, add_export);
    }
    if (name == "eval") {
        return command(argc, argv, EvalArguments{}, [](App& app, EvalArguments& a) { add_eval(app, a); });
    }
    if (name == "sample") {
        return command(argc, argv, SampleArguments{},
                       [](App& app, SampleArguments& a) { add_sample(app, a); });
    }
    if (name == "info") {
        return command(argc, argv, InfoArguments{}, [](App& app, InfoArguments& a) {
            name_option(app, "subject", a.subject, "FILE|PRESET",
                        "a model, an archive or a preset; none: this build and machine");
            add_common(app, a.common, true);
        });
    }
    if (name == "data") {
        return command(argc, argv, DataArguments{}, [](App& app, DataArguments& a) { add_data(app, a); });
    }
    if (name == "table") {
        return command(argc, argv, TableArguments{}, [](App& app, TableArguments& a) { add_table(app, a); });
    }
    if (name == "bench") {
        return command(argc, argv, BenchArguments{}, [](App& app, BenchArguments& a) {
            number_option(app, "--runs", a.runs, "measurements of each, of which the median counts",
                          text_of(a.runs), 1, 1000);
            app.add_flag("--quick", a.quick, "fewer and smaller cases, at most 3 runs");
            name_option(app, "--only", a.only, "TEXT", "only the kernels and steps whose names begin so");
            add_common(app, a.common, true);
        });
    }
    if (name == "study") {
        return command(argc, argv, StudyArguments{}, [](App& app, StudyArguments& a) { add_study(app, a); });
    }
    if (name.starts_with('-')) {
        // "bitlaw -d FILE" and "bitlaw -", as in zstd and xz.
        std::vector<const char*> words{argv[0], "compress"};
        words.insert(words.end(), argv + 1, argv + argc);
        return archive(static_cast<int>(words.size()), words.data(), ArchiveMode::compress);
    }
    fail_usage("there is no command '", name, "'; see 'bitlaw --help'");
}

}  // namespace bitlaw::cli
