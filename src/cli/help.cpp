#include "help.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::cli {

using namespace model;

namespace {

constexpr std::array<CommandHelp, 18> kCommands = {{
    {"train", "train a model on files",
     "Trains a byte-level transformer on files; the result is DIR/model.blm. Ctrl-C saves the state, "
     "--resume continues.",
     true},
    {"compress", "compress files with a model",
     "Compresses each FILE to FILE.blw with a model; sources are kept unless --rm is given.", false},
    {"decompress", "restore archives",
     "Restores each FILE.blw to FILE. The model is the archive's own, the one given, or found by its id.",
     false},
    {"test", "verify archives", "Restores archives to nowhere and verifies every byte.", false},
    {"list", "tell what archives hold", "Tells what archives hold, without restoring them.", false},
    {"recover", "restore what is whole of a damaged archive",
     "Restores every block of a damaged ARCHIVE that is whole. Zeros stand for what is missing, as far as "
     "its "
     "length is known, and a map says where and why. Exit code 1 when anything is missing.",
     true},
    {"eval", "measure a model on files",
     "Measures the code length of files under a model, without and with the model's own bytes.", true},
    {"levels", "tell what the levels -1 to -9 are",
     "Tells which network and which experts each level of compress stands for; with a FILE also what it "
     "costs here.",
     false},
    {"data", "make a data set of images, sound, text or random bytes",
     "Makes a data set and a manifest (OUT.json) of its sources. KIND is images (JPEG and PNG as gray "
     "patches of "
     "32 x 64), audio (FLAC and WAV, 16-bit mono, as 8-bit samples), text (files as they are) or random.",
     true},
    {"table", "compare compressors and models on data sets",
     "Measures compressors and models on data sets, raw and with the model's bytes, in independent chunks "
     "and in "
     "one piece: Table 1 of \"Language Modeling Is Compression\".",
     true},
    {"export", "store a model in another precision",
     "Writes a model with its weights stored as fp32, bf16 or int8: another model, with another id.", true},
    {"import", "take a model of another program",
     "Makes a model file of a Llama-family network and its tokenizer: of a folder with safetensors, or of "
     "llama2.c's files.",
     true},
    {"tokenizer", "make a vocabulary of tokens",
     "Makes a vocabulary of data, a byte-pair encoding or the bytes that occur, for networks of tokens "
     "(train --tokenizer).",
     true},
    {"sample", "let a model write", "Writes bytes drawn from a model to standard output.", false},
    {"plot", "draw learning curves",
     "Draws the learning curves of training runs (folders, or files like their metrics.csv) in the terminal, "
     "or "
     "with -o as SVG.",
     true},
    {"info", "describe a model, an archive, a tokenizer, a preset or this build",
     "Tells what a model, an archive, a tokenizer or a preset holds. Without a subject: this build, this "
     "machine and the "
     "models found.",
     false},
    {"bench", "measure speed as a share of this machine's peak",
     "Measures kernels, training and coding as a share of this machine's measured peak.", false},
    {"study", "plan, run and report a study of scaling laws",
     "Trains models of several sizes on several amounts of data, fits scaling laws with and without the "
     "model's "
     "own bytes, and reports them. Ctrl-C saves the states; the same command goes on.",
     true},
}};

const CommandHelp* find(const std::string& name) {
    const auto* const found = std::find_if(kCommands.begin(), kCommands.end(),
                                           [&](const CommandHelp& help) { return name == help.name; });
    return found == kCommands.end() ? nullptr : found;
}

}  // namespace

bool is_command(const std::string& name) { return find(name) != nullptr; }

const CommandHelp& help_of(const std::string& name) {
    const CommandHelp* const help = find(name);
    BITLAW_ASSERT(help != nullptr);
    return *help;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const CommandHelp& help : kCommands) {
        names.emplace_back(help.name);
    }
    return names;
}

std::string general_help() {
    std::string text =
        "bitlaw measures how many bits data really cost when a small transformer predicts its bytes: it "
        "trains such\n"
        "models on CPUs, compresses files with them and counts the model's own bytes.\n\n"
        "Usage: bitlaw COMMAND [OPTIONS] [FILE...]\n\n"
        "Commands:\n";
    for (const CommandHelp& help : kCommands) {
        text +=
            text_of("  ", help.name, std::string(12 - std::string(help.name).size(), ' '), help.line, "\n");
    }
    text += text_of(
        "\n'bitlaw COMMAND --help' or 'bitlaw help COMMAND' shows a command's options and the values in "
        "force; 'bitlaw --version' the "
        "version.\n"
        "Presets: ",
        preset_list(),
        "\nSizes accept K, M, G (powers of 1000) and KiB, MiB, GiB.\n"
        "Environment: BITLAW_ISA=scalar|avx2|avx512 forces an instruction set; BITLAW_MODELS and BITLAW_DATA "
        "are\n"
        "folders, separated by colons, where models and data are looked for.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage; stopped by Ctrl-C or SIGTERM: by that signal, 130 or "
        "143 in a shell.\n");
    return text;
}

std::string version_text() { return text_of("bitlaw ", kVersion, ", arithmetic ", kArithmeticVersion, "\n"); }

std::string preset_list() {
    std::string list;
    for (const std::string& name : preset_names()) {
        list += (list.empty() ? "" : ", ") + name;
    }
    return list;
}

}  // namespace bitlaw::cli
