#pragma once
/// \file What rebuilds an archive's method, resolved: no names of presets, no defaults. It stands in the
/// header of a format 2 archive; docs/FORMAT.md specifies the bytes.

#include <cstdint>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::coding {

/// Where a stack's network comes from.
enum class NetworkSource : std::uint8_t {
    none = 0,
    model = 1,  ///< a model: its id stands in the archive's header, the file beside or inside the archive
    seed = 2,   ///< fresh weights: `spec` and `seed`
};

/// A set of parts that is released under a number and never changes afterwards, with the numbers that were
/// chosen for this archive. id 0: none.
struct StackPart {
    std::uint64_t id = 0;
    Bytes settings = {};  ///< as the part's owner writes them; empty when id is 0
    bool operator==(const StackPart&) const = default;
};

struct Stack {
    NetworkSource source = NetworkSource::none;
    Bytes spec = {};         ///< source seed: the network's config, as in a model file
    std::uint64_t seed = 0;  ///< source seed: of the initial weights
    StackPart mixer = {};    ///< experts and the mixer over them
    StackPart recipe = {};   ///< how the network learns while it codes
    bool operator==(const Stack&) const = default;
};

/// Bounds of a description's pieces: the spec, and the settings of a part.
inline constexpr std::uint64_t kMaxSpecBytes = 32768;
inline constexpr std::uint64_t kMaxSettingsBytes = 4096;

[[nodiscard]] Bytes encode_stack(const Stack& stack);
/// Reads it back. Checks every length before it allocates; throws Error on what encode_stack does not write.
[[nodiscard]] Stack decode_stack(ByteSpan bytes);

}  // namespace bitlaw::coding
