#include <algorithm>
#include <optional>
#include <utility>

#include "archive_predictors.hpp"
#include "archive_watch.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/joined.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/predict/reset.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "levels.hpp"
#include "places.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace predict;
using namespace coding;

namespace {

const char* mode_name(ArchiveMode mode) {
    switch (mode) {
        case ArchiveMode::compress: return "compress";
        case ArchiveMode::decompress: return "decompress";
        case ArchiveMode::test: return "test";
        default: return "list";
    }
}

bool has_suffix(const std::string& name) { return name.ends_with(kArchiveSuffix); }

void check_usage(const ArchiveArguments& a) {
    if (a.common.json) {
        fail_usage("--json is for list; add -l, or leave it out");
    }
    if (!a.output.empty() && a.files.size() > 1) {
        fail_usage("-o names one output, but there are ", a.files.size(), " inputs; leave -o out");
    }
    if (!a.output.empty() && a.to_stdout) {
        fail_usage("-o and -c contradict each other; give one of them");
    }
    if (a.mode == ArchiveMode::test && (!a.output.empty() || a.to_stdout || a.remove_source)) {
        fail_usage("-t writes nothing, so -o, -c and --rm make no sense with it");
    }
    if (a.weight_format && !a.embed_model) {
        fail_usage(
            "--weight-format is of the embedded model; add --embed-model, or see 'bitlaw export --help'");
    }
    const bool restores = a.mode == ArchiveMode::decompress || a.mode == ArchiveMode::test;
    if (a.range && !restores) {
        fail_usage(
            "--range is for decompress and test; a range of a file is compressed with 'tail -c +N | head -c "
            "N'");
    }
    if (a.range && a.mode == ArchiveMode::decompress && a.output.empty() && !a.to_stdout) {
        fail_usage("--range restores a part, which must not take the whole's name; add -o or -c");
    }
    if (a.range && a.remove_source) {
        fail_usage(
            "--rm would remove an archive of which only a part was restored; leave --rm or --range out");
    }
    if (a.remove_source && (a.to_stdout || a.output == kStandardStream)) {
        fail_usage(
            "--rm cannot know whether what goes to standard output is safe; leave --rm, or -c and -o -, out");
    }
    if (a.mode == ArchiveMode::compress && a.to_stdout && a.files.size() > 1) {
        fail_usage("an archive holds one file; pack several with tar first, or leave -c out");
    }
}

// Gives `begin`, which was read from `rest` already, and then the rest.
ByteSource joined(Bytes begin, ByteSource rest) {
    return [begin = std::move(begin), rest = std::move(rest),
            given = std::size_t{0}](std::span<std::uint8_t> buffer) mutable {
        const std::size_t count = std::min(buffer.size(), begin.size() - given);
        std::copy_n(begin.begin() + static_cast<std::ptrdiff_t>(given), count, buffer.begin());
        given += count;
        return count + (count < buffer.size() ? rest(buffer.subspan(count)) : 0);
    };
}

// One command over its files: the model is loaded once.
class ArchiveRun {
   public:
    ArchiveRun(const ArchiveArguments& arguments, const std::vector<std::string>& files)
        : a_(arguments), shelf_(arguments.model) {
        for (const std::string& file : files) {
            if (file != kStandardStream) {
                inputs_.add(file);
            }
        }
    }

    void process(const std::string& name) {
        const std::optional<std::filesystem::path> path = output_path(name);
        const bool explicit_output = a_.to_stdout || !a_.output.empty() || a_.mode == ArchiveMode::test;
        const Input input(name, {.special = a_.force || explicit_output,
                                 .links = !a_.remove_source || a_.keep || a_.force,
                                 .terminal = a_.force,
                                 .advice = "use -c, -o or -f to read it all the same"});
        std::optional<Output> output;
        const auto open_output = [&] {
            if (path) {
                shelf_.add_to(inputs_);
                output.emplace(*path, input, inputs_,
                               OutputRules{.force = a_.force,
                                           .sparse = a_.sparse && a_.mode == ArchiveMode::decompress});
                if (a_.remove_source && !a_.keep && !output->is_file()) {
                    fail("--rm needs a result that stays, and ", path->string(),
                         " is a pipe or a device; leave --rm out");
                }
            } else if (a_.mode != ArchiveMode::test) {
                output.emplace(input);
            }
        };
        if (a_.mode == ArchiveMode::compress) {
            compress_one(name, input, path, output, open_output);
        } else {
            restore_one(input, path, output, open_output);
        }
        if (a_.remove_source && !a_.keep && path && !input.is_standard()) {
            remove_source(name, input);
        }
    }

    // After the last file, when several were told.
    void tell_sum() const {
        if (spoken_ > 1) {
            note(summary_line(text_of(spoken_, " files"), a_.mode, sum_, seconds_, a_.range));
        }
    }

   private:
    // No value: standard output, or nowhere when testing.
    [[nodiscard]] std::optional<std::filesystem::path> output_path(const std::string& name) const {
        const bool from_stdin = name == kStandardStream;
        if (a_.mode == ArchiveMode::test) {
            return std::nullopt;
        }
        if (!a_.output.empty() && a_.output != kStandardStream) {
            return a_.output;
        }
        if (a_.to_stdout || from_stdin || a_.output == kStandardStream) {
            if (a_.mode == ArchiveMode::compress && !a_.force && is_terminal(1)) {
                fail_usage("an archive cannot be written to a terminal; use -o, a pipe, or -f");
            }
            return std::nullopt;
        }
        if (a_.mode == ArchiveMode::compress) {
            if (has_suffix(name) && !a_.force) {
                fail(name, " has the suffix ", kArchiveSuffix, " already; use -f or -o to compress it again");
            }
            return name + kArchiveSuffix;
        }
        const std::string plain =
            name.substr(0, name.size() - std::min(name.size(), std::string(kArchiveSuffix).size()));
        if (!has_suffix(name) || plain.empty() || plain.ends_with('/')) {
            fail(name, " does not end in ", kArchiveSuffix,
                 ", so the name of the result is not known; name it with -o, or use -c");
        }
        return plain;
    }

    template <class OpenOutput>
    void compress_one(const std::string& name, const Input& input,
                      const std::optional<std::filesystem::path>& path, std::optional<Output>& output,
                      const OpenOutput& open_output) {
        const StoredModel* const model = a_.model == kNoModel ? nullptr : &chosen_model();
        require_predictor(a_);
        if (a_.common.verbose && model != nullptr) {
            note(printable(text_of("model ", hex64(model->id), " of ", shelf_.chosen_path().string(), ": ",
                                   describe(model->model.config))));
        }
        open_output();
        ArchiveWatch watch(a_.common, input.shown(), input.size());
        const std::uint64_t block =
            std::min(input.size() > 0 ? input.size() : a_.block_bytes, a_.block_bytes);
        if (model != nullptr) {
            const ModelConfig& config = model->model.config;
            watch.set_flops_per_byte(flops_per_byte(config,
                                                    block / a_.streams.value_or(default_streams(block)),
                                                    a_.reset_every.value_or(default_reset(config))));
        }
        CompressOptions options{.block_bytes = a_.block_bytes,
                                .streams = a_.streams,
                                .reset_every = a_.reset_every,
                                .embed_model = a_.embed_model,
                                .fallback = a_.fallback,
                                .progress = [&](std::uint64_t p, std::uint64_t b) { watch(p, b); }};
        ByteSource source = input.source();
        if (a_.learning.learn) {
            Bytes begin(kChoiceBytes);
            begin.resize(source(begin));
            add_learning_network(options, a_, *model, begin, input.size());
            source = joined(std::move(begin), std::move(source));
        }
        if (a_.mix) {
            add_experts(options, a_, input.size() > 0 ? input.size() : a_.block_bytes);
        }
        const CodecSummary summary =
            compress(model, options, source, [&](ByteSpan data) { output->write(data); });
        output->commit();
        watch.clear();
        if (a_.remove_source && !a_.keep && path) {
            verify(name, *path);
        }
        tell(input, summary, watch.seconds());
        if (input.has_changed()) {
            fail(input.shown(),
                 " changed while it was read: the archive holds what was read, perhaps the beginning of one "
                 "content and the end of another; compress it again");
        }
    }

    template <class OpenOutput>
    void restore_one(const Input& input, const std::optional<std::filesystem::path>& path,
                     std::optional<Output>& output, const OpenOutput& open_output) {
        open_output();
        ByteSource source = input.source();
        if (a_.mode == ArchiveMode::decompress && a_.force && output && !output->is_file() && !a_.range) {
            // As in xz and zstd: -d -c -f lets what is no archive through, so a reader can be given either.
            Bytes begin(kArchiveMagic.size());
            begin.resize(source(begin));
            const bool is_archive =
                std::equal(begin.begin(), begin.end(), kArchiveMagic.begin(), kArchiveMagic.end());
            source = joined(std::move(begin), std::move(source));
            if (!is_archive) {
                pass_through(source, *output);
                return;
            }
        }
        ArchiveWatch watch(a_.common, input.shown(), plain_size(input));
        const CodecSummary summary = restore(
            input, source,
            [&](ByteSpan data) {
                if (output) {
                    output->write(data);
                }
            },
            watch);
        if (output) {
            if (path) {
                // The model may have been found only now.
                shelf_.add_to(inputs_);
                inputs_.require_not(*path);
            }
            output->commit();
        }
        watch.clear();
        tell(input, summary, watch.seconds());
    }

    static void pass_through(const ByteSource& source, Output& output) {
        Bytes buffer(std::size_t{1} << 16);
        while (const std::size_t count = source(buffer)) {
            output.write(ByteSpan(buffer).first(count));
        }
    }

    CodecSummary restore(const Input& input, const ByteSource& source, const ByteSink& sink,
                         ArchiveWatch& watch) {
        return naming(input.shown(), [&] { return restore_named(input, source, sink, watch); });
    }

    CodecSummary restore_named(const Input& input, const ByteSource& source, const ByteSink& sink,
                               ArchiveWatch& watch) {
        const ModelFinder find = [this](std::uint64_t id) -> const StoredModel& { return shelf_.by_id(id); };
        const CodecProgress progress = [&](std::uint64_t plain, std::uint64_t archive) {
            watch(plain, archive);
        };
        // Streams of archives made with default options have 64 KiB at least.
        const ModelNotice notice = [&](const ModelConfig& config) {
            watch.set_flops_per_byte(flops_per_byte(config, 65536, default_reset(config)));
        };
        if (a_.range) {
            return decompress_range(find, input.seekable(), a_.range->begin, a_.range->end, sink, progress,
                                    notice);
        }
        return decompress(find, source, sink, progress, notice);
    }

    // The model to compress with, in the format that was asked for.
    const StoredModel& chosen_model() {
        const StoredModel& model = shelf_.chosen();
        if (!a_.weight_format) {
            return model;
        }
        if (!converted_) {
            converted_.emplace(converted(model, *a_.weight_format));
        }
        return *converted_;
    }

    // Only for the progress line, so an archive that cannot be listed is no error here: restoring it will
    // tell.
    [[nodiscard]] std::uint64_t plain_size(const Input& input) const {
        if (!input.is_regular() || a_.range || a_.common.quiet > 0 || !is_terminal(2)) {
            return 0;
        }
        try {
            std::uint64_t bytes = 0;
            const SeekableSource file = input.seekable();
            for (const ArchiveSpan& span : archive_spans(file)) {
                bytes += span.plain_bytes;
            }
            return bytes;
        } catch (const Error&) {
            return 0;
        }
    }

    // Restores the archive that now lies on the disk and compares it with the source as it is now.
    void verify(const std::string& source, const std::filesystem::path& archive) {
        const Input input(archive.string(), {});
        Hasher restored;
        ArchiveWatch watch(a_.common, archive.string() + " (verifying)", 0);
        (void)restore(
            input, input.source(), [&](ByteSpan data) { restored.update(data); }, watch);
        const MappedFile plain(source);
        if (hash64(plain.bytes()) != restored.digest()) {
            fail("kept ", source, ": ", archive.string(),
                 " does not restore to it; was it changed meanwhile? Compress it again");
        }
    }

    void tell(const Input& input, const CodecSummary& summary, double seconds) {
        sum_ += summary;
        seconds_ += seconds;
        // As in zstd: a filter is silent unless it is asked to speak.
        const bool filters =
            a_.to_stdout || a_.output == kStandardStream || (input.is_standard() && a_.output.empty());
        const bool speaks = a_.mode == ArchiveMode::test || !filters || a_.common.verbose;
        if (speaks && a_.common.quiet == 0) {
            spoken_ += 1;
            note(printable(summary_line(input.shown(), a_.mode, summary, seconds, a_.range)));
        }
    }

    const ArchiveArguments& a_;
    ModelShelf shelf_;
    InputFiles inputs_;
    std::optional<StoredModel> converted_;
    CodecSummary sum_;
    double seconds_ = 0;
    std::size_t spoken_ = 0;
};

}  // namespace

int run_archive(const ArchiveArguments& given) {
    ArchiveArguments arguments = given;
    check_usage(arguments);
    if (arguments.mode == ArchiveMode::compress) {
        apply_level(arguments);
    }
    const std::vector<std::string> files =
        arguments.files.empty() ? std::vector<std::string>{kStandardStream} : arguments.files;
    ArchiveRun run(arguments, files);
    int worst = kDone;
    for (const std::string& file : files) {
        try {
            run.process(file);
        } catch (const Stopped&) {
            throw;  // the files that are left must not be begun
        } catch (...) {
            worst = std::max(worst, report_failure(mode_name(arguments.mode), arguments.common.quiet > 1));
        }
    }
    run.tell_sum();
    return worst;
}

}  // namespace bitlaw::cli
