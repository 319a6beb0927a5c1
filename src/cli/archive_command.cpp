#include <array>
#include <cmath>
#include <optional>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/json.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/codec.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {
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
    if (!a.output.empty() && a.files.size() > 1) {
        fail_usage("-o names one output, but there are ", a.files.size(), " inputs; leave -o out");
    }
    if (!a.output.empty() && a.to_stdout) {
        fail_usage("-o and -c contradict each other; give one of them");
    }
    if (a.mode == ArchiveMode::test && (!a.output.empty() || a.to_stdout || a.remove_source)) {
        fail_usage("-t writes nothing, so -o, -c and --rm make no sense with it");
    }
    if (a.model_precision && !a.embed_model) {
        fail_usage("--model-precision is of the embedded model; add --embed-model, or see 'bitlaw export --help'");
    }
    if (a.remove_source && a.to_stdout) {
        fail_usage("--rm cannot know whether what goes to standard output is safe; leave --rm or -c out");
    }
    if (a.mode == ArchiveMode::compress && a.to_stdout && a.files.size() > 1) {
        fail_usage("an archive holds one file; pack several with tar first, or leave -c out");
    }
}

// Shows how far a long piece of work is, and ends it when a stop was requested.
class Watch {
   public:
    // `total` plain bytes, 0 when not known.
    Watch(const CommonOptions& common, std::string name, std::uint64_t total)
        : line_(common.quiet == 0), progress_(total), name_(std::move(name)), total_(total) {}

    void operator()(std::uint64_t plain, std::uint64_t archive) {
        throw_if_stopped("nothing is left half-written");
        if (!line_.active() || !progress_.due()) {
            return;
        }
        const double bits =
            plain == 0 ? 0.0 : 8.0 * static_cast<double>(archive) / static_cast<double>(plain);
        line_.show(name_ + (total_ > 0
                                ? progress_.line(plain, bits, 0.0)
                                : "  " + with_unit(static_cast<double>(plain), "B") + "  " +
                                      with_unit(static_cast<double>(plain) / progress_.seconds(), "B/s")));
    }
    [[nodiscard]] bool shows() const { return line_.active(); }
    [[nodiscard]] double seconds() const { return progress_.seconds(); }
    void clear() { line_.clear(); }

   private:
    ProgressLine line_;
    Progress progress_;
    std::string name_;
    std::uint64_t total_;
};

// "notes.txt: 5,000,000 -> 1,082,123 bytes, 21.64 %, 1.731 bits/byte, 13.1 KB/s, restored"
std::string summary_line(const std::string& name, ArchiveMode mode, const CodecSummary& s, double seconds) {
    const bool compresses = mode == ArchiveMode::compress;
    const std::uint64_t from = compresses ? s.plain_bytes : s.archive_bytes;
    const std::uint64_t to = compresses ? s.archive_bytes : s.plain_bytes;
    std::string text = name + ": " + with_commas(from) + " -> " + with_commas(to) + " bytes";
    if (s.plain_bytes > 0) {
        const double rate = static_cast<double>(s.archive_bytes) / static_cast<double>(s.plain_bytes);
        text += ", " + share_cell(rate).shown + ", " + number_cell(8.0 * rate, 3, " bits/byte").shown;
    }
    if (seconds > 0.0) {
        text += ", " + with_unit(static_cast<double>(s.plain_bytes) / seconds, "B/s");
    }
    if (compresses && s.model_bytes > 0) {
        text += ", the model's " + with_commas(s.model_bytes) + " bytes included";
    }
    if (s.stored_blocks > 0) {
        text +=
            text_of(", ", s.stored_blocks, " of ", s.blocks, s.blocks == 1 ? " block" : " blocks", " stored");
    }
    return text + (compresses ? "" : mode == ArchiveMode::test ? ", verified" : ", restored");
}

// One command over its files: the model is loaded once.
class ArchiveRun {
   public:
    explicit ArchiveRun(const ArchiveArguments& arguments) : a_(arguments), shelf_(arguments.model) {}

    void process(const std::string& name) {
        const std::optional<std::filesystem::path> path = output_path(name);
        const bool explicit_output = a_.to_stdout || !a_.output.empty() || a_.mode == ArchiveMode::test;
        const Input input(name, {.special = a_.force || explicit_output,
                                 .links = !a_.remove_source || a_.keep || a_.force,
                                 .terminal = a_.force});
        std::optional<Output> output;
        const auto open_output = [&] {
            if (path) {
                output.emplace(*path, input, a_.force);
                if (a_.remove_source && !a_.keep && !output->is_file()) {
                    fail("--rm needs a result that stays, and ", path->string(),
                         " is a pipe or a device; leave --rm out");
                }
            } else if (a_.mode != ArchiveMode::test) {
                output.emplace();
            }
        };
        if (a_.mode == ArchiveMode::compress) {
            compress_one(name, input, path, output, open_output);
        } else {
            restore_one(name, input, output, open_output);
        }
        if (a_.remove_source && !a_.keep && path && !input.is_standard()) {
            remove_source(name, input);
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
        const StoredModel& model = chosen_model();
        if (a_.common.verbose) {
            note(text_of("model ", hex64(model.id), " of ", shelf_.chosen_path().string(), ": ",
                         describe(model.model.config)));
        }
        open_output();
        Watch watch(a_.common, input.shown(), input.size());
        const CompressOptions options{.block_bytes = a_.block_bytes,
                                      .streams = a_.streams,
                                      .reset_every = a_.reset_every,
                                      .embed_model = a_.embed_model,
                                      .progress = [&](std::uint64_t p, std::uint64_t b) { watch(p, b); }};
        const CodecSummary summary =
            compress(model, options, input.source(), [&](ByteSpan data) { output->write(data); });
        output->commit();
        watch.clear();
        if (a_.remove_source && !a_.keep && path) {
            verify(name, *path);
        }
        tell(input, summary, watch.seconds());
    }

    template <class OpenOutput>
    void restore_one(const std::string& name, const Input& input, std::optional<Output>& output,
                     const OpenOutput& open_output) {
        open_output();
        Watch watch(a_.common, input.shown(), plain_size(name, input));
        const CodecSummary summary = decompress(
            [this](std::uint64_t id) -> const StoredModel& { return shelf_.by_id(id); }, input.source(),
            [&](ByteSpan data) {
                if (output) {
                    output->write(data);
                }
            },
            [&](std::uint64_t p, std::uint64_t b) { watch(p, b); });
        if (output) {
            output->commit();
        }
        watch.clear();
        tell(input, summary, watch.seconds());
    }

    // The model to compress with, in the precision that was asked for.
    const StoredModel& chosen_model() {
        const StoredModel& model = shelf_.chosen();
        if (!a_.model_precision) {
            return model;
        }
        if (!converted_) {
            converted_.emplace(converted(model, *a_.model_precision));
        }
        return *converted_;
    }

    // Only for the progress line, so an archive that cannot be listed is no error here: restoring it will
    // tell.
    [[nodiscard]] std::uint64_t plain_size(const std::string& name, const Input& input) const {
        if (!input.is_regular() || input.is_standard() || a_.common.quiet > 0 || !is_terminal(2)) {
            return 0;
        }
        try {
            const Input again(name, {});
            return list_archive(again.source()).summary.plain_bytes;
        } catch (const Error&) {
            return 0;
        }
    }

    // Restores the archive that now lies on the disk and compares it with the source as it is now.
    void verify(const std::string& source, const std::filesystem::path& archive) {
        const Input input(archive.string(), {});
        Hasher restored;
        Watch watch(a_.common, archive.string() + " (verifying)", 0);
        (void)decompress([this](std::uint64_t id) -> const StoredModel& { return shelf_.by_id(id); },
                         input.source(), [&](ByteSpan data) { restored.update(data); },
                         [&](std::uint64_t p, std::uint64_t b) { watch(p, b); });
        const MappedFile plain(source);
        if (hash64(plain.bytes()) != restored.digest()) {
            fail("kept ", source, ": ", archive.string(),
                 " does not restore to it; was it changed meanwhile? Compress it again");
        }
    }

    void tell(const Input& input, const CodecSummary& summary, double seconds) const {
        // As in zstd: a filter is silent unless it is asked to speak.
        const bool filters =
            a_.to_stdout || a_.output == kStandardStream || (input.is_standard() && a_.output.empty());
        const bool speaks = a_.mode == ArchiveMode::test || !filters || a_.common.verbose;
        if (speaks && a_.common.quiet == 0) {
            note(printable(summary_line(input.shown(), a_.mode, summary, seconds)));
        }
    }

    const ArchiveArguments& a_;
    ModelShelf shelf_;
    std::optional<StoredModel> converted_;
};

}  // namespace

int run_archive(const ArchiveArguments& arguments) {
    check_usage(arguments);
    const std::vector<std::string> files =
        arguments.files.empty() ? std::vector<std::string>{kStandardStream} : arguments.files;
    ArchiveRun run(arguments);
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
    return worst;
}

int run_list(const ArchiveArguments& arguments) {
    const std::vector<std::string> files =
        arguments.files.empty() ? std::vector<std::string>{kStandardStream} : arguments.files;
    Table table({{"file", "file", true},
                 {"model", "model", true},
                 {"embedded", "embedded", true},
                 {"blocks", "blocks"},
                 {"stored_blocks", "stored"},
                 {"streams", "streams"},
                 {"model_bytes", "model bytes"},
                 {"archive_bytes", "archive bytes"},
                 {"plain_bytes", "plain bytes"},
                 {"rate", "rate"},
                 {"bits_per_byte", "bits/byte"}});
    const auto add = [&table](const std::string& name, Cell model, Cell embedded, const CodecSummary& s) {
        const double rate = static_cast<double>(s.archive_bytes) / static_cast<double>(s.plain_bytes);
        table.add({{printable(name), json_text(name)},
                   std::move(model),
                   std::move(embedded),
                   count_cell(s.blocks),
                   count_cell(s.stored_blocks),
                   count_cell(s.streams),
                   count_cell(s.model_bytes),
                   count_cell(s.archive_bytes),
                   count_cell(s.plain_bytes),
                   share_cell(rate),
                   number_cell(8 * rate, 3)});
    };
    CodecSummary sum;
    std::size_t listed = 0;
    int worst = kDone;
    for (const std::string& file : files) {
        try {
            const Input input(file, {.special = true, .terminal = arguments.force});
            const ArchiveListing listing = list_archive(input.source());
            const CodecSummary& s = listing.summary;
            add(input.shown(), text_cell(hex64(listing.model_id)), flag_cell(listing.embedded), s);
            sum.plain_bytes += s.plain_bytes;
            sum.archive_bytes += s.archive_bytes;
            sum.model_bytes += s.model_bytes;
            sum.blocks += s.blocks;
            sum.stored_blocks += s.stored_blocks;
            sum.streams += s.streams;
            ++listed;
        } catch (const Stopped&) {
            throw;
        } catch (...) {
            worst = std::max(worst, report_failure("list", arguments.common.quiet > 1));
        }
    }
    if (listed > 1 && !arguments.common.json) {
        add("together", nothing_cell(), nothing_cell(), sum);
    }
    if (arguments.common.json) {
        print("{\"rows\": " + table.json() + "}\n");
    } else if (listed > 0) {
        print(table.text());
    }
    return worst;
}

}  // namespace bitlaw::cli
