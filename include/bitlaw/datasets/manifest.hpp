#pragma once
/// \file What a data set's bytes are and where they came from, so that a table can be repeated.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bitlaw::datasets {

enum class DataKind { text, images, audio, random };
/// "text", "images", "audio" or "random".
[[nodiscard]] const char* data_kind_name(DataKind kind);

/// The paper's chunk: 2048 bytes, for images 32 rows of 64 pixels (Deletang et al. 2024, section 3.1).
inline constexpr std::uint32_t kChunkBytes = 2048;
inline constexpr std::uint32_t kPatchRows = 32;
inline constexpr std::uint32_t kPatchColumns = 64;
static_assert(kPatchRows * kPatchColumns == kChunkBytes);

/// How compressors of images and of sound have to see the bytes.
struct DataShape {
    std::uint32_t row_bytes = kPatchColumns;  ///< pixels of an image's row
    std::uint32_t sample_bytes = 1;           ///< of sound: 1 unsigned, 2 signed little-endian
};

/// A file whose bytes are in the set.
struct SourceFile {
    std::string name;              ///< relative to the folder that was given
    std::uint64_t hash = 0;        ///< xxh3-64 of the file, for text of the range that was taken
    std::uint64_t file_bytes = 0;  ///< what was hashed
    std::uint64_t bytes = 0;       ///< what it gave
    std::string detail;            ///< "500 x 375, 3 channels"
};

/// A file that should have been in the set.
struct SkippedFile {
    std::string name;
    std::string reason;
};

struct Manifest {
    DataKind kind = DataKind::text;
    DataShape shape;
    std::string rule;      ///< how sources became bytes, in words
    std::string decoders;  ///< libraries and versions that read the sources
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0;     ///< xxh3-64 of all bytes
    std::uint64_t dropped = 0;  ///< bytes or pixels that filled no chunk
    std::uint64_t found = 0;    ///< files of the right kind, before --skip and --first
    std::uint64_t ignored = 0;  ///< files of other kinds beside them
    std::uint64_t skip = 0;
    std::optional<std::uint64_t> first{};
    std::optional<std::uint64_t> seed{};
    std::vector<SourceFile> sources{};
    std::vector<SkippedFile> skipped{};
};

/// Suffix that makes a manifest's name of a data set's.
inline constexpr const char* kManifestSuffix = ".json";

/// JSON, the same for the same set: no date, no path, no machine.
[[nodiscard]] std::string manifest_json(const Manifest& manifest);

/// What the table needs of a manifest: kind, shape, bytes, hash, counts. Throws Error with `name` for a text
/// that is none.
[[nodiscard]] Manifest parse_manifest(const std::string& text, const std::string& name);

/// The manifest beside `data`, if there is one. Throws Error when it cannot be read.
[[nodiscard]] std::optional<Manifest> find_manifest(const std::filesystem::path& data);

}  // namespace bitlaw::datasets
