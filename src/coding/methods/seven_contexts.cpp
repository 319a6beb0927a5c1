#include "bitlaw/predict/seven_contexts.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "methods.hpp"

// Seven short contexts, mixed: for blocks that a network makes larger than this does. No model.

namespace bitlaw::coding {

using namespace predict;

namespace {

// Streams that a block of `bytes` is cut into: each has tables to fill.
std::size_t streams_of(std::size_t bytes) { return std::clamp<std::size_t>(bytes >> 21, 1, 8); }

class SevenContextsBlocks final : public BlockCoder {
   public:
    std::optional<CodedBlock> encode(ByteSpan plain, const BlockProgress& progress) override {
        return CodedBlock{{}, encode_streams(maker_, plain, streams_of(plain.size()), progress)};
    }
    void decode(const BlockHeader&, std::span<const ByteSpan> streams, std::span<std::uint8_t> plain,
                const BlockProgress& progress) override {
        decode_streams(maker_, streams, plain, progress);
    }

   private:
    PredictorMaker maker_ = seven_context_predictors();
};

// Each stream costs its memory and time, so that none may be there for nothing.
std::string fault(const BlockHeader& header) {
    if (!header.own.empty()) {
        return "a block of the seven contexts has no header of its own";
    }
    const std::size_t streams = header.stream_bytes.size();
    return streams == streams_of(static_cast<std::size_t>(header.plain_bytes))
               ? ""
               : text_of("the number of streams of the seven contexts is ", streams);
}

}  // namespace

Method seven_contexts_method() {
    return {.id = kSevenContexts,
            .name = "seven contexts",
            .is_fallback = true,
            .fault = fault,
            .open = [](const MethodContext&) -> std::unique_ptr<BlockCoder> {
                return std::make_unique<SevenContextsBlocks>();
            }};
}

}  // namespace bitlaw::coding
