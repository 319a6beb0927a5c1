#pragma once
/// \file Data sets made of files: text as it is, images and sound as bytes, seeded random bytes.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/stream.hpp"
#include "bitlaw/datasets/manifest.hpp"

namespace bitlaw::datasets {

/// Which files to take.
struct SourceChoice {
    std::vector<std::string> inputs;     ///< files, and folders with all that is below them
    std::uint64_t skip = 0;              ///< leave out that many of the sorted list
    std::optional<std::uint64_t> first;  ///< and take so many of the rest
    /// The file that the set will be. It is never a source, nor are its manifest and temporary files: what an
    /// earlier run left of it in a folder is passed over, and for anything else Error is thrown.
    std::filesystem::path output = {};
};

/// Called after every source with (done, of); may throw to end the work.
using SourceProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Each writes the set's bytes to `sink` in the order of the sorted list and returns what they are. A file
/// that cannot be used is skipped, named and counted in the manifest. Throw Error when nothing is left,
/// UsageError for inputs that do not exist.

/// Gray patches of JPEG and PNG files: see decode_image() and cut_patches().
[[nodiscard]] Manifest make_image_set(const SourceChoice& choice, const coding::ByteSink& sink,
                                      const SourceProgress& progress);

/// Sound of FLAC and WAV files, `bits` (8 or 16) a sample; each file is cut into chunks of 2048 bytes and the
/// remainder dropped.
[[nodiscard]] Manifest make_audio_set(const SourceChoice& choice, unsigned bits, const coding::ByteSink& sink,
                                      const SourceProgress& progress);

/// Files, or ranges of bytes of files (FILE@BEGIN:END), as they are. Any file will do; a folder gives all of
/// its files.
[[nodiscard]] Manifest make_text_set(const SourceChoice& choice, const coding::ByteSink& sink,
                                     const SourceProgress& progress);

/// `bytes` uniform random bytes: the little-endian 64-bit numbers of Random(seed).
[[nodiscard]] Manifest make_random_set(std::uint64_t bytes, std::uint64_t seed, const coding::ByteSink& sink);

}  // namespace bitlaw::datasets
