#include <algorithm>
#include <memory>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "methods.hpp"

// A network that learns what it codes, by itself. A chain: weights and moments run on from block to block.

namespace bitlaw::coding {

using namespace predict;

namespace {

class LearningBlocks final : public BlockCoder {
   public:
    explicit LearningBlocks(const MethodContext& context)
        : recipe_(decode_recipe(context.stack.recipe.id, context.stack.recipe.settings)),
          predictor_(learning_predictors(context.model().model,
                                         {.recipe = recipe_, .reset_every = context.reset_every})
                         .make()),
          tokens_(context.model().model.vocabulary != nullptr) {}

    std::optional<CodedBlock> encode(ByteSpan plain, const BlockProgress& progress) override {
        if (!codable(predictor_->alphabet(), plain)) {
            return {};
        }
        return CodedBlock{
            {}, encode_streams(*predictor_, plain, learning_streams(recipe_, plain.size()), progress)};
    }
    void decode(const BlockHeader&, std::span<const ByteSpan> streams, std::span<std::uint8_t> plain,
                const BlockProgress& progress) override {
        if (const std::size_t expected = learning_streams(recipe_, plain.size());
            streams.size() != expected) {
            fail("a block of ", plain.size(), " bytes that was learned has ", expected, " streams, not ",
                 streams.size(), "; the archive is damaged");
        }
        decode_streams(*predictor_, streams, plain, progress);
    }
    bool trace(ByteSpan plain, const ByteVisit& visit, const BlockProgress& progress) override {
        if (tokens_) {
            fail("a token has no bytes that cost something each; ask what bytes cost of a model of bytes");
        }
        if (!codable(predictor_->alphabet(), plain)) {
            return false;
        }
        trace_streams(*predictor_, plain, learning_streams(recipe_, plain.size()), visit, progress);
        return true;
    }
    Predictor& predictor(ByteSpan) override {
        if (tokens_) {
            fail("a network of tokens that learns cannot go on byte by byte; use it frozen");
        }
        return *predictor_;
    }
    void follow(ByteSpan plain) override {
        if (codable(predictor_->alphabet(), plain)) {
            teach_streams(*predictor_, plain, learning_streams(recipe_, plain.size()));
        }
    }

   private:
    LearningRecipe recipe_;
    std::unique_ptr<Predictor> predictor_;
    bool tokens_;  // the network's symbols are tokens
};

std::string fault(const BlockHeader& header) {
    return header.own.empty() ? "" : "a block that was learned has no header of its own";
}

}  // namespace

Method learning_method() {
    return {.id = kLearning,
            .name = "learning",
            .version = 2,
            .chained = true,
            .fault = fault,
            .open = [](const MethodContext& context) -> std::unique_ptr<BlockCoder> {
                return std::make_unique<LearningBlocks>(context);
            }};
}

}  // namespace bitlaw::coding
