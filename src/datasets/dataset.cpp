#include "bitlaw/datasets/dataset.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <span>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/datasets/audio.hpp"
#include "bitlaw/datasets/image.hpp"
#include "bitlaw/train/corpus.hpp"

namespace bitlaw::datasets {

using namespace train;
using namespace coding;

namespace {

namespace fs = std::filesystem;

struct Source {
    std::string input;     ///< path, perhaps with @BEGIN:END
    std::string name;      ///< for the manifest
    bool is_found = true;  ///< in a folder, not named by the user
};

// The files that a set is made of, in order.
struct Selection {
    std::vector<Source> sources;
    std::uint64_t found = 0;
    std::uint64_t ignored = 0;
};

bool has_suffix(const fs::path& path, const std::vector<std::string>& suffixes) {
    std::string suffix = path.extension().string();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return suffixes.empty() || std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end();
}

// The folder's files of these suffixes, sorted by their names' bytes, so that the order of its entries on the
// disk decides nothing.
void add_folder(Selection& selection, const fs::path& folder, const std::vector<std::string>& suffixes) {
    std::vector<Source> sources;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (!it->is_regular_file()) {
            continue;
        }
        if (has_suffix(it->path(), suffixes) && !is_temporary_name(it->path())) {
            sources.push_back({it->path().string(), it->path().lexically_relative(folder).generic_string()});
        } else {
            ++selection.ignored;
        }
    }
    if (error) {
        fail("cannot read the folder ", folder.string(), ": ", error.message(), "; check the permissions");
    }
    std::sort(sources.begin(), sources.end(),
              [](const Source& a, const Source& b) { return a.name < b.name; });
    selection.sources.insert(selection.sources.end(), sources.begin(), sources.end());
}

// Whether the file and the manifest beside it are a set that was made before.
bool is_earlier_set(const fs::path& path) {
    try {
        const auto manifest = find_manifest(path);
        const MappedFile file(path);
        return manifest && manifest->bytes == file.bytes().size() && manifest->hash == hash64(file.bytes());
    } catch (const Error&) {
        return false;
    }
}

// Takes what an earlier run made of the output out of the selection.
void pass_over_output(Selection& selection, const fs::path& output) {
    fs::path manifest = output;
    manifest += kManifestSuffix;
    InputFiles outputs;
    outputs.add(output);
    outputs.add(manifest);
    std::vector<Source> others;
    std::optional<bool> is_earlier;
    for (Source& source : selection.sources) {
        const fs::path path = source.is_found ? fs::path(source.input) : parse_range(source.input).path;
        if (!outputs.contains(path)) {
            others.push_back(std::move(source));
            continue;
        }
        if (!is_earlier) {
            is_earlier = is_earlier_set(output);
        }
        if (!source.is_found || !*is_earlier) {
            fail("cannot write ", output.string(), " and its manifest: ", path.string(),
                 " is one of the inputs; name another output");
        }
    }
    selection.sources = std::move(others);
}

Selection select(const SourceChoice& choice, const std::vector<std::string>& suffixes, const char* what) {
    Selection selection;
    std::error_code error;
    for (const std::string& input : choice.inputs) {
        const fs::path path = parse_range(input).path;
        if (fs::is_directory(path, error)) {
            add_folder(selection, path, suffixes);
        } else if (fs::exists(path, error)) {
            selection.sources.push_back({input, path.filename().string(), false});
        } else {
            fail_usage("there is no file or folder '", input, "'; check the name");
        }
    }
    if (!choice.output.empty()) {
        pass_over_output(selection, choice.output);
    }
    selection.found = selection.sources.size();
    if (selection.found == 0) {
        fail("no ", what, " in ", choice.inputs.size() == 1 ? choice.inputs[0] : "the folders given",
             selection.ignored == 0 ? "; it is empty" : text_of(", only ", selection.ignored, " other files"),
             "; name another folder");
    }
    if (choice.skip >= selection.found) {
        fail_usage("--skip ", choice.skip, " leaves nothing of ", selection.found, " files");
    }
    const auto begin = selection.sources.begin() + static_cast<std::ptrdiff_t>(choice.skip);
    const std::uint64_t count =
        std::min(choice.first.value_or(selection.found), selection.found - choice.skip);
    selection.sources = {begin, begin + static_cast<std::ptrdiff_t>(count)};
    return selection;
}

// Passes the bytes on, hashed and counted.
class SetWriter {
   public:
    explicit SetWriter(const ByteSink& sink) : sink_(sink) {}
    void write(ByteSpan bytes) {
        hasher_.update(bytes);
        bytes_ += bytes.size();
        sink_(bytes);
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t digest() const { return hasher_.digest(); }

   private:
    const ByteSink& sink_;
    Hasher hasher_;
    std::uint64_t bytes_ = 0;
};

// The bytes of one source, hashed as they are read, once and from the file: a mapped one that is cut short
// would end the process.
class SourceReader {
   public:
    explicit SourceReader(const std::string& input) : range_(parse_range(input)), file_(range_.path) {
        range_.end = range_.end == DataRange::kToTheEnd ? file_.size() : range_.end;
        if (range_.begin > range_.end || range_.end > file_.size()) {
            fail_usage("the range of '", input, "' does not lie in the file, which has ", file_.size(),
                       " bytes; write begin and end within them");
        }
    }
    [[nodiscard]] std::uint64_t size() const { return range_.end - range_.begin; }
    [[nodiscard]] std::uint64_t hash() const { return hasher_.digest(); }

    // Calls visit(piece) for all bytes in order.
    template <class Visit>
    void read(std::uint64_t piece_bytes, const Visit& visit) {
        Bytes buffer(static_cast<std::size_t>(std::min(piece_bytes, size())));
        for (std::uint64_t place = range_.begin; place < range_.end;) {
            const std::span<std::uint8_t> piece = std::span(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range_.end - place)));
            file_.read(place, piece);
            hasher_.update(piece);
            visit(ByteSpan(piece));
            place += piece.size();
        }
        if (file_.has_changed()) {
            fail(range_.path.string(), " changed while it was read; make the set when nothing writes to it");
        }
    }
    [[nodiscard]] Bytes all() {
        Bytes bytes;
        read(size(), [&](ByteSpan piece) { bytes.assign(piece.begin(), piece.end()); });
        return bytes;
    }

   private:
    DataRange range_;
    OpenFile file_;
    Hasher hasher_;
};

// What one file gives: `write` is called only when all of it is sound, so that a broken file leaves no trace.
struct Piece {
    std::string detail;
    std::uint64_t dropped = 0;
};
using Convert = std::function<Piece(SourceReader& file, SetWriter& writer)>;

Manifest make_set(DataKind kind, const SourceChoice& choice, const Selection& selection, const ByteSink& sink,
                  const SourceProgress& progress, const Convert& convert) {
    Manifest manifest;
    manifest.kind = kind;
    manifest.found = selection.found;
    manifest.ignored = selection.ignored;
    manifest.skip = choice.skip;
    manifest.first = choice.first;
    SetWriter writer(sink);
    std::uint64_t done = 0;
    for (const Source& source : selection.sources) {
        SourceFile used{
            .name = source.name, .hash = 0, .file_bytes = 0, .bytes = writer.bytes(), .detail = {}};
        // The sink's errors end the work; a source's own only end the source.
        std::string reason;
        try {
            SourceReader file(source.input);
            used.file_bytes = file.size();
            const Piece piece = convert(file, writer);
            used.hash = file.hash();
            used.detail = piece.detail;
            manifest.dropped += piece.dropped;
        } catch (const UsageError&) {
            throw;
        } catch (const Error& error) {
            if (writer.bytes() != used.bytes) {
                throw;
            }
            reason = error.what();
        }
        used.bytes = writer.bytes() - used.bytes;
        if (reason.empty()) {
            manifest.sources.push_back(used);
        } else {
            manifest.skipped.push_back({source.name, reason});
        }
        progress(++done, selection.sources.size());
    }
    if (writer.bytes() == 0) {
        fail("nothing is left of ", selection.sources.size(),
             selection.sources.size() == 1 ? " file" : " files",
             manifest.skipped.empty()
                 ? "; they are empty"
                 : text_of(": ", manifest.skipped[0].name, ": ", manifest.skipped[0].reason,
                           manifest.skipped.size() > 1 ? ", and others" : "", "; give other files"));
    }
    manifest.bytes = writer.bytes();
    manifest.hash = writer.digest();
    return manifest;
}

}  // namespace

Manifest make_image_set(const SourceChoice& choice, const ByteSink& sink, const SourceProgress& progress) {
    const Selection selection = select(choice, {".jpg", ".jpeg", ".png"}, "JPEG or PNG files");
    const auto convert = [](SourceReader& file, SetWriter& writer) {
        const GrayImage image = decode_image(file.all());
        const std::uint64_t patches = cut_patches(image, [&](ByteSpan patch) { writer.write(patch); });
        if (patches == 0) {
            fail("its ", image.width, " x ", image.height, " pixels are too few for one patch of ",
                 kPatchColumns, " x ", kPatchRows);
        }
        return Piece{text_of(image.width, " x ", image.height, ", ", image.channels,
                             image.channels == 1 ? " channel" : " channels"),
                     image.pixels.size() - patches * kChunkBytes};
    };
    Manifest manifest = make_set(DataKind::images, choice, selection, sink, progress, convert);
    manifest.rule = text_of("gray = floor of the mean of the channels; patches of ", kPatchRows, " rows of ",
                            kPatchColumns,
                            " pixels, from left to right and top to bottom, without overlap; pixels beyond "
                            "the last whole patch are dropped");
    manifest.decoders = image_decoders();
    return manifest;
}

Manifest make_audio_set(const SourceChoice& choice, unsigned bits, const ByteSink& sink,
                        const SourceProgress& progress) {
    if (bits != 8 && bits != 16) {
        fail_usage("a sample is given 8 or 16 bits, not ", bits);
    }
    const Selection selection = select(choice, {".flac", ".wav"}, "FLAC or WAV files");
    const auto convert = [bits](SourceReader& file, SetWriter& writer) {
        const Sound sound = decode_sound(file.all());
        const Bytes bytes = bits == 8 ? to_8_bit(sound) : to_16_bit(sound);
        const std::size_t whole = bytes.size() / kChunkBytes * kChunkBytes;
        if (whole == 0) {
            fail("its ", bytes.size(), " bytes are too few for one chunk of ", kChunkBytes);
        }
        writer.write(ByteSpan(bytes).first(whole));
        return Piece{text_of(sound.samples.size(), " samples, ", sound.rate, " a second"),
                     bytes.size() - whole};
    };
    Manifest manifest = make_set(DataKind::audio, choice, selection, sink, progress, convert);
    manifest.shape.sample_bytes = bits / 8;
    manifest.rule = text_of(
        "one channel of 16-bit samples, ",
        bits == 8 ? "as unsigned bytes floor(s / 256) + 128" : "as two bytes each, signed, little-endian",
        "; each file is cut into chunks of ", kChunkBytes, " bytes, and what is left of it is dropped");
    manifest.decoders = sound_decoders();
    return manifest;
}

Manifest make_text_set(const SourceChoice& choice, const ByteSink& sink, const SourceProgress& progress) {
    const Selection selection = select(choice, {}, "files");
    Manifest manifest = make_set(DataKind::text, choice, selection, sink, progress,
                                 [](SourceReader& file, SetWriter& writer) {
                                     constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;
                                     if (file.size() == 0) {
                                         fail("the file is empty");
                                     }
                                     file.read(kPieceBytes, [&](ByteSpan piece) { writer.write(piece); });
                                     return Piece{};
                                 });
    manifest.rule = "the files' bytes as they are, one after another";
    return manifest;
}

Manifest make_random_set(std::uint64_t bytes, std::uint64_t seed, const ByteSink& sink) {
    if (bytes == 0) {
        fail_usage("a random set needs at least one byte");
    }
    constexpr std::uint64_t kPieceBytes = 1 << 16;
    SetWriter writer(sink);
    Random random(seed);
    while (writer.bytes() < bytes) {
        ByteWriter piece;
        const std::uint64_t count = std::min(kPieceBytes, bytes - writer.bytes());
        while (piece.size() < count) {
            piece.u64(random.next());
        }
        writer.write(piece.data().first(count));
    }
    Manifest manifest;
    manifest.kind = DataKind::random;
    manifest.rule = "uniform random bytes: the generator's 64-bit numbers, little-endian";
    manifest.bytes = bytes;
    manifest.hash = writer.digest();
    manifest.seed = seed;
    return manifest;
}

}  // namespace bitlaw::datasets
