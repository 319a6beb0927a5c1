#pragma once
/// \file Compressing with context mixing: what the options of an archive are then.

#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/predict/mixing_options.hpp"

namespace bitlaw::coding {

/// Makes context mixing the archive's own method: the experts beside the network that options.stack has,
/// learning or not, or alone if it has none. With a network and unless options.fallback is `never`, the
/// experts alone are tried too. Throws UsageError when `mixing` is out of range.
void mix_with(CompressOptions& options, const predict::MixingOptions& mixing);

/// Of that set, with tables for an input of `bytes`.
[[nodiscard]] predict::MixingOptions mixing_for(predict::ExpertSet set, std::uint64_t bytes);

/// Bytes of an archive of `plain` that mixes, which is made and thrown away; `network` null: the experts
/// alone.
[[nodiscard]] std::uint64_t mixed_bytes(const model::StoredModel* network,
                                        const predict::MixingOptions& mixing, ByteSpan plain,
                                        const CodecProgress& progress);

}  // namespace bitlaw::coding
