#include <filesystem>
#include <optional>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/datasets/dataset.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace datasets;

namespace {

namespace fs = std::filesystem;

// Options of one kind given with another are a misunderstanding.
void check(const DataArguments& a) {
    const bool random = a.kind == "random";
    if (a.bits && a.kind != "audio") {
        fail_usage("--bits is for audio, not for ", a.kind);
    }
    if ((a.bytes || a.seed) && !random) {
        fail_usage(a.bytes ? "--bytes" : "--seed", " is for random, not for ", a.kind);
    }
    if (random && (!a.inputs.empty() || a.skip != 0 || a.first || !a.bytes)) {
        fail_usage("random takes no files, but --bytes N; add or remove them");
    }
    if (!random && a.inputs.empty()) {
        fail_usage("no files; name files or folders");
    }
}

Manifest make(const DataArguments& a, const ByteSink& sink) {
    if (a.kind == "random") {
        return make_random_set(*a.bytes, a.seed.value_or(1), sink);
    }
    const SourceChoice choice{
        .inputs = resolve_data(a.inputs), .skip = a.skip, .first = a.first, .output = a.output};
    ProgressLine line(a.common.quiet == 0);
    Progress progress(0);
    const auto watch = [&](std::uint64_t done, std::uint64_t of) {
        throw_if_stopped("nothing was written");
        if (line.active() && progress.due()) {
            line.show(text_of(a.kind, ": ", with_commas(done), " of ", with_commas(of), " files"));
        }
    };
    if (a.kind == "images") {
        return make_image_set(choice, sink, watch);
    }
    if (a.kind == "audio") {
        return make_audio_set(choice, static_cast<unsigned>(a.bits.value_or(8)), sink, watch);
    }
    return make_text_set(choice, sink, watch);
}

std::string summary(const DataArguments& a, const Manifest& m) {
    std::string text = text_of(printable(a.output), ": ", with_commas(m.bytes), " bytes, ");
    const char* const chunk = m.kind == DataKind::images ? "patches of 32 x 64" : "chunks of 2048";
    text += text_of(with_commas(m.bytes / kChunkBytes), " ", chunk);
    if (m.kind != DataKind::random) {
        text += text_of(", from ", with_commas(m.sources.size()), " of ", with_commas(m.found), " files");
    }
    if (!m.skipped.empty()) {
        text += text_of(", ", with_commas(m.skipped.size()), " could not be used");
    }
    if (m.ignored != 0) {
        text += text_of(", ", with_commas(m.ignored), " of other kinds beside them");
    }
    if (m.dropped != 0) {
        text += text_of("; ", with_commas(m.dropped), m.kind == DataKind::images ? " pixels" : " bytes",
                        " filled no chunk");
    }
    return text + "\n";
}

}  // namespace

int run_data(const DataArguments& a) {
    check(a);
    const fs::path manifest_path = a.output + kManifestSuffix;
    const OutputOptions options{.existing = a.force ? Existing::replace : Existing::refuse};
    if (a.output == kStandardStream) {
        fail_usage("a data set has its manifest beside it, so it cannot go to standard output; name a file");
    }
    require_folder_of(a.output);
    require_writable(a.output, options.existing);
    require_writable(manifest_path, options.existing);
    // Made with the first bytes, when the sources are listed already.
    std::optional<OutputFile> file;
    const Manifest manifest = make(a, [&](ByteSpan bytes) {
        throw_if_stopped("nothing was written");
        if (!file) {
            file.emplace(a.output, options);
        }
        file->write(bytes);
    });
    for (const SkippedFile& skipped : manifest.skipped) {
        if (a.common.quiet < 2) {
            note(printable(
                text_of("bitlaw: data: ", a.strict ? "" : "left out ", skipped.name, ": ", skipped.reason)));
        }
    }
    if (a.strict && !manifest.skipped.empty()) {
        fail(manifest.skipped.size(), " of ", manifest.skipped.size() + manifest.sources.size(),
             " files cannot be used, so nothing was made; mend or remove them, or do without --strict");
    }
    const std::string json = manifest_json(manifest);
    BITLAW_ASSERT(file.has_value());
    file->commit();
    try {
        write_file(manifest_path, json, options);
    } catch (...) {
        if (!a.force) {
            std::error_code ignored;
            fs::remove(a.output, ignored);  // a set without its manifest is none
        }
        throw;
    }
    if (a.common.quiet == 0) {
        print(summary(a, manifest));
    }
    return kDone;
}

}  // namespace bitlaw::cli
