#pragma once
/// \file A stack of the C interface: what was asked for, and how it becomes an archive's options.

#include <cstdint>
#include <memory>
#include <optional>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/predict/expert_set.hpp"
#include "guard.hpp"

struct bitlaw_stack {
    std::shared_ptr<const bitlaw::model::StoredModel> model;  // null: no network; a fresh one is here too
    std::optional<bitlaw::coding::FreshNetwork> fresh;
    std::optional<bitlaw::predict::ExpertSet> mix;
    bool learn = false;
    double learn_rate = 0;
    bool embed_model = false;
    bitlaw::coding::Fallback fallback = bitlaw::coding::Fallback::best;
    std::uint64_t block_bytes = 0;
    std::optional<std::size_t> streams;
    std::uint64_t memory = 0;
};

namespace bitlaw::capi {

/// The options of an archive of so many bytes (0: not known), which begin so: the recipe of learning is made
/// for them.
[[nodiscard]] coding::CompressOptions options_for(const bitlaw_stack& stack, ByteSpan begin,
                                                  std::uint64_t bytes);
/// The same for one stream of text.
[[nodiscard]] coding::CompressOptions options_for_stream(const bitlaw_stack& stack, ByteSpan begin,
                                                         std::uint64_t bytes);

}  // namespace bitlaw::capi
