#include "block_plan.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/reset.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;

BlockPlan::BlockPlan(const ModelConfig* config, const CompressOptions& options)
    : block_bytes(options.block_bytes),
      chain_bytes(options.chain_bytes),
      reset_every(options.reset_every.value_or(config == nullptr ? 0 : default_reset(*config))) {
    if (block_bytes < 1 || block_bytes > kMaxBlockBytes) {
        fail_usage("a block has 1 to ", kMaxBlockBytes, " bytes, not ", block_bytes);
    }
    if (options.streams && (*options.streams < 1 || *options.streams > kMaxStreams)) {
        fail_usage("a block has 1 to ", kMaxStreams, " streams, not ", *options.streams);
    }
    if (config != nullptr) {
        check_reset(*config, reset_every);
    }
}

std::uint64_t BlockPlan::bytes_at(std::uint64_t position) const {
    return chain_bytes == 0 ? block_bytes : std::min(block_bytes, chain_bytes - position % chain_bytes);
}

BlockHeader stored_header(std::uint64_t plain_bytes, std::uint64_t plain_hash) {
    return {.method = kStored, .plain_bytes = plain_bytes, .stream_bytes = {}, .plain_hash = plain_hash};
}

std::uint64_t size_of(const BlockHeader& header, std::uint8_t version) {
    return block_header_bytes(header, version).size() + header.payload_bytes();
}

// What is smaller than the stored block has streams that are together below the plain length, since its
// header is no smaller: a reader relies on it.
BlockHeader smaller(BlockHeader header, BlockHeader other, std::uint8_t version) {
    return size_of(other, version) < size_of(header, version) ? std::move(other) : std::move(header);
}

}  // namespace bitlaw::coding
