#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/size.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/predict/mixing_options.hpp"
#include "learning_options.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace coding;
using namespace predict;

namespace {

// "A:B", either of which may be missing.
ByteRange parse_byte_range(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) {
        fail_usage("'", text, "' has no colon; write BEGIN:END, in bytes");
    }
    const std::string begin = text.substr(0, colon);
    const std::string end = text.substr(colon + 1);
    ByteRange range;
    range.begin = begin.empty() ? 0 : parse_size(begin);
    range.end = end.empty() ? ByteRange::kToTheEnd : parse_size(end);
    if (range.begin > range.end) {
        fail_usage(text, " ends before it begins");
    }
    return range;
}

Fallback parse_fallback(const std::string& text) {
    if (text == "never") {
        return Fallback::never;
    }
    if (text != "worse" && text != "best") {
        fail_usage("'", text, "' is not known; choose never, worse or best");
    }
    return text == "best" ? Fallback::best : Fallback::worse;
}

}  // namespace

void add_archive(FieldOptions& options, ArchiveArguments& a) {
    App& app = options.app();
    files_option(app, "files", a.files, "files; none or - : standard input to standard output");
    name_option(app, "-m,--model", a.model, "MODEL",
                a.mode == ArchiveMode::compress
                    ? "model file or training folder (default: searched for); none: no network; "
                      "init:PRESET[:SEED]: fresh weights, which learn"
                    : "model file or training folder (default: searched for)");
    name_option(app, "-o,--output", a.output, "OUT", "write to this file (one input only)");
    app.add_flag("-c,--stdout", a.to_stdout, "write to standard output; keep the sources");
    app.add_flag(
        "-f,--force", a.force,
        "overwrite files, use terminals, take links and devices; with -d -c: pass on what is no archive");
    app.add_flag("-k,--keep", a.keep, "keep the sources (the default)");
    app.add_flag("--rm", a.remove_source,
                 "remove each source once its result is complete, verified and on the disk");
    const auto mode = [&](const char* names, ArchiveMode value, const char* help) {
        app.add_flag_callback(
               names, [&a, value] { a.mode = value; }, help)
            ->group("Instead");
    };
    // When several are given the last of this order counts: -dt tests, as in xz.
    mode("-z,--compress", ArchiveMode::compress, "compress");
    mode("-d,--decompress", ArchiveMode::decompress, "restore");
    mode("-t,--test", ArchiveMode::test, "restore to nowhere and verify");
    mode("-l,--list", ArchiveMode::list, "tell what archives hold");
    const std::string compression = "Compression";
    app.add_flag("-1{1},-2{2},-3{3},-4{4},-5{5},-6{6},-7{7},-8{8},-9{9}", a.level,
                 "level: from fast to small; 'bitlaw levels' tells what they are")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->group(compression);
    app.add_flag("--embed-model", a.embed_model, "put the model into the archive: it restores alone")
        ->group(compression);
    options.add({{.name = "weight_format",
                  .help = text_of("store the embedded model's weights as ", weight_format_names()),
                  .shown_default = "as it is",
                  .group = compression,
                  .old_names = {"model_precision"}},
                 FieldKind::choice,
                 [&a](const Words& words) { a.weight_format = parse_weight_format(only_word(words)); },
                 {}});
    number_option(app, "--block-size", a.block_bytes, "bytes of a block, each restored alone",
                  text_of(a.block_bytes), {1, kMaxBlockBytes})
        ->group(compression);
    number_option(app, "--streams", a.streams,
                  "streams of a block, advanced together; at most one for each of its bytes", "by length",
                  {1, kMaxStreams})
        ->group(compression);
    number_option(app, "--reset", a.reset_every, "bytes after which a stream starts afresh; 0: never",
                  "by model")
        ->group(compression);
    text_option(
        app, "--fallback", [&a](const std::string& text) { a.fallback = parse_fallback(text); }, "best",
        "code blocks without the model: never; worse: only where it makes them larger; best: wherever that "
        "is smaller")
        ->type_name("WHEN")
        ->group(compression);
    mix_option(
        app,
        [&a](std::optional<ExpertSet> set) {
            a.mix = set;
            a.mix_is_given = true;
        },
        "mix the network bit by bit with experts that learn the file: none, fast or full; with -m none the "
        "experts alone, and full unless named")
        ->group(compression);
    number_option(app, "--memory", a.memory,
                  "bytes of the experts' hashed tables at most; restoring needs as many", text_of(a.memory),
                  {kMinMixingMemory, kMaxMixingMemory})
        ->group(compression);
    if (a.mode == ArchiveMode::compress) {
        add_learning(options, a.learning);
    }
    text_option(
        app, "--range", [&a](const std::string& text) { a.range = parse_byte_range(text); }, "",
        "restore only the bytes from BEGIN up to, not including, END")
        ->type_name("BEGIN:END")
        ->group("Restoring");
    app.add_flag_callback(
           "--no-sparse", [&a] { a.sparse = false; }, "write runs of zeros to the disk, not as holes")
        ->group("Restoring");
    add_common(options, a.common, true);
    app.get_option("--json")->description("with -l: print JSON");
}

}  // namespace bitlaw::cli
