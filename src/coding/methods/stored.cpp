#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "methods.hpp"

// The plain bytes as they are: what no method makes smaller.

namespace bitlaw::coding {

namespace {

class StoredBlocks final : public BlockCoder {
   public:
    // The writer stores a block of which no code is smaller; there is nothing to do.
    std::optional<CodedBlock> encode(ByteSpan, const BlockProgress&) override { return {}; }
    void decode(const BlockHeader&, std::span<const ByteSpan> streams, std::span<std::uint8_t> plain,
                const BlockProgress&) override {
        BITLAW_ASSERT(streams.size() == 1 && streams[0].size() == plain.size());
        std::copy(streams[0].begin(), streams[0].end(), plain.begin());
    }
};

}  // namespace

Method stored_method() {
    return {.id = kStored,
            .name = "stored",
            .fault = [](const BlockHeader&) { return std::string(); },
            .open = [](const MethodContext&) -> std::unique_ptr<BlockCoder> {
                return std::make_unique<StoredBlocks>();
            }};
}

}  // namespace bitlaw::coding
