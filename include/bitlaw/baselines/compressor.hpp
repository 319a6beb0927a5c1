#pragma once
/// \file Classical compressors behind one interface, each by its own library, with its settings in words.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/datasets/manifest.hpp"

namespace bitlaw::baselines {

/// Called with the bytes read so far, from the calling thread; may throw to end the work. Some libraries do
/// all their work in one call, and then this is called before and after only.
using CompressorWatch = std::function<void(std::uint64_t)>;

/// A compressor and its inverse. Results depend on the bytes and the shape only; both functions may run on
/// many threads at the same time.
struct Compressor {
    std::string key;       ///< to choose it by: "gzip"
    std::string name;      ///< of its row: "gzip -9"
    std::string settings;  ///< library, version, settings
    /// The compressed file, as the format's own tool would write it.
    std::function<Bytes(ByteSpan plain, const datasets::DataShape& shape, const CompressorWatch& watch)>
        compress;
    /// The plain bytes, of which there are `plain_bytes`: formats that hold whole rows or samples were filled
    /// up with zeros. Empty when there is no way back. Throws Error for a damaged file.
    std::function<Bytes(ByteSpan packed, std::size_t plain_bytes, const datasets::DataShape& shape,
                        const CompressorWatch& watch)>
        restore;
    /// Whether the compressor makes sense for such data.
    std::function<bool(const datasets::DataShape& shape)> applies = [](const datasets::DataShape&) {
        return true;
    };
    std::string missing = {};  ///< what must be installed first; empty where it can be used
    bool chunks = true;        ///< whether it may be called for every chunk
    /// What each of the texts takes by itself, in bytes without a container: of a program that packs many in
    /// one call. Empty: compress() says it.
    std::function<std::vector<std::uint64_t>(const std::vector<Bytes>& texts)> sizes = {};
    /// Greatest memory of the programs it ran since the last call, in bytes; empty when it runs in this
    /// process.
    std::function<std::uint64_t()> program_memory;
};

/// A program as a compressor: /bin/sh runs the commands, in which {in} and {out} are replaced by quoted paths
/// of files in a folder of their own. Not for chunks: a program's start would be most of the work. Throws
/// UsageError for commands without both.
[[nodiscard]] Compressor external_compressor(const std::string& name, const std::string& command,
                                             const std::optional<std::string>& restore_command);

}  // namespace bitlaw::baselines
