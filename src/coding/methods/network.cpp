#include <algorithm>
#include <utility>

#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/token_bytes.hpp"
#include "methods.hpp"

// A frozen network: independent streams, each from an empty context. Blocks know nothing of each other.

namespace bitlaw::coding {

using namespace predict;

namespace {

class NetworkBlocks final : public BlockCoder {
   public:
    explicit NetworkBlocks(const MethodContext& context)
        : maker_(network_predictors(context.packed(), {.reset_every = context.reset_every})),
          by_byte_(context.packed().model().vocabulary == nullptr
                       ? maker_
                       : token_bytes_predictors(context.packed(), context.reset_every)),
          streams_(context.streams) {}

    std::optional<CodedBlock> encode(ByteSpan plain, const BlockProgress& progress) override {
        if (!codable(maker_.alphabet, plain)) {
            return {};
        }
        return CodedBlock{{}, encode_streams(maker_, plain, streams_of(plain.size()), progress)};
    }
    void decode(const BlockHeader&, std::span<const ByteSpan> streams, std::span<std::uint8_t> plain,
                const BlockProgress& progress) override {
        decode_streams(maker_, streams, plain, progress);
    }

    bool trace(ByteSpan plain, const ByteVisit& visit, const BlockProgress& progress) override {
        if (!codable(maker_.alphabet, plain)) {
            return false;
        }
        trace_streams(by_byte_, plain, streams_of(plain.size()), visit, progress);
        return true;
    }

    Predictor& predictor(ByteSpan) override {
        alone_ = alone_ ? std::move(alone_) : by_byte_.make();
        return *alone_;
    }

   private:
    [[nodiscard]] std::size_t streams_of(std::size_t bytes) const {
        return std::min(streams_.value_or(default_streams(bytes)), bytes);
    }

    PredictorMaker maker_;
    PredictorMaker by_byte_;  // of tokens: what each byte costs, over all ways to cut them
    std::optional<std::size_t> streams_;
    std::unique_ptr<Predictor> alone_;  // of a stream that is no block
};

}  // namespace

Method network_method() {
    return {
        .id = kNetwork,
        .name = "network",
        .fault =
            [](const BlockHeader& header) {
                return std::string(header.own.empty() ? "" : "a network's block has no header of its own");
            },
        .open = [](const MethodContext& context) -> std::unique_ptr<BlockCoder> {
            return std::make_unique<NetworkBlocks>(context);
        }};
}

}  // namespace bitlaw::coding
