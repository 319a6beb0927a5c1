#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/form_choice.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/mixing_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/token_bytes.hpp"
#include "methods.hpp"

// Experts that know the file alone, mixed bit by bit, with the archive's network beside them, frozen or
// learning, or without one. A chain: the experts, the mixer and what is learned run on from block to block.

namespace bitlaw::coding {

using namespace predict;

namespace {

// Streams of a block when nobody chose. Each begins with an empty context of the network and shares only a
// part of what the experts see; the decoder needs rows to multiply, and two groups of two, so that one is in
// the network while the other is in the experts (experiments/05-mixing has the figures).
constexpr std::size_t kDefaultStreams = 4;
constexpr std::size_t kGroupStreams = 4;
constexpr std::size_t kStreamBytes = 65536;

class MixingBlocks final : public BlockCoder {
   public:
    explicit MixingBlocks(const MethodContext& context)
        : network_(context.stack.source != NetworkSource::none),
          trained_(context.stack.source == NetworkSource::model),
          wanted_(context.streams) {
        const MixingOptions options = decode_mixing(context.stack.mixer.id, context.stack.mixer.settings);
        full_ = options.set == ExpertSet::full;
        if (network_) {
            tokens_ = context.model().model.vocabulary != nullptr;
            alphabet_ = tokens_ ? 256 : context.model().model.config.alphabet;
            if (tokens_ && context.stack.recipe.id != 0) {
                fail("a network of tokens is mixed frozen; leave out --learn or --mix");
            }
            if (alphabet_ > 256) {
                fail("a network of ", alphabet_,
                     " symbols cannot be mixed with experts on bytes; use --mix none");
            }
        }
        if (network_ && context.stack.recipe.id != 0) {
            recipe_ = decode_recipe(context.stack.recipe.id, context.stack.recipe.settings);
            predictor_ = std::make_unique<MixingPredictor>(
                options, std::make_unique<LearningPredictor>(
                             context.model().model,
                             LearningOptions{.recipe = *recipe_, .reset_every = context.reset_every}));
            return;
        }
        TableMaker network;
        if (network_) {
            check_context_memory(context.model().model.config);
            network = [&packed = context.packed(), tokens = tokens_,
                       frozen = NetworkOptions{
                           .reset_every = context.reset_every}]() -> std::unique_ptr<TablePredictor> {
                if (tokens) {
                    return std::make_unique<TokenBytes>(packed, frozen.reset_every);
                }
                return std::make_unique<NetworkPredictor>(packed, frozen);
            };
        }
        predictor_ = std::make_unique<MixingPredictor>(options, std::move(network), kGroupStreams);
    }

    std::optional<CodedBlock> encode(ByteSpan plain, const BlockProgress& progress) override {
        if (!codable(alphabet_, plain)) {
            return {};
        }
        const DataForm form = form_of(plain);
        predictor_->set_form(form);
        const Bytes ordered = in_order(form, plain);
        return CodedBlock{encode_form(form),
                          encode_streams(*predictor_, ordered, streams_of(plain.size()), progress)};
    }
    void decode(const BlockHeader& header, std::span<const ByteSpan> streams, std::span<std::uint8_t> plain,
                const BlockProgress& progress) override {
        const DataForm form = decode_form(header.own);
        predictor_->set_form(form);
        decode_streams(*predictor_, streams, plain, progress);
        swap_pairs(form, plain);
    }
    bool trace(ByteSpan plain, const ByteVisit& visit, const BlockProgress& progress) override {
        if (!codable(alphabet_, plain)) {
            return false;
        }
        const DataForm form = form_of(plain);
        predictor_->set_form(form);
        const Bytes ordered = in_order(form, plain);
        const ByteVisit in_place = [&](const TracedByte& byte) {
            TracedByte moved = byte;
            const std::size_t other = byte.place ^ 1;
            moved.place = form.lower_first && (byte.place | 1) < plain.size() ? other : byte.place;
            visit(moved);
        };
        trace_streams(*predictor_, ordered, streams_of(plain.size()), in_place, progress);
        return true;
    }
    Predictor& predictor(ByteSpan like) override {
        // A stream is predicted byte by byte, so no pairs change places.
        predictor_->set_form(full_ && !like.empty() ? choose_form(like, false) : DataForm{});
        return *predictor_;
    }
    void follow(ByteSpan plain) override {
        if (codable(alphabet_, plain)) {
            const DataForm form = form_of(plain);
            predictor_->set_form(form);
            teach_streams(*predictor_, in_order(form, plain), streams_of(plain.size()));
        }
    }

   private:
    // Samples of 16 bits must not be cut by streams, nor their bytes change places before a network that was
    // trained on their order.
    [[nodiscard]] DataForm form_of(ByteSpan plain) const {
        return full_ ? choose_form(plain, !trained_ && streams_of(plain.size()) == 1) : DataForm{};
    }
    static Bytes in_order(const DataForm& form, ByteSpan plain) {
        Bytes ordered(plain.begin(), plain.end());
        swap_pairs(form, ordered);
        return ordered;
    }
    [[nodiscard]] std::size_t streams_of(std::size_t bytes) const {
        if (recipe_) {
            return std::min(learning_streams(*recipe_, bytes), kMaxMixingStreams);
        }
        const std::size_t chosen = std::clamp<std::size_t>(bytes / kStreamBytes, 1, kDefaultStreams);
        return network_ ? std::min({wanted_.value_or(chosen), bytes, kMaxMixingStreams}) : 1;
    }

    bool network_;
    bool trained_;         // the network comes from a model file
    bool tokens_ = false;  // the network's symbols are tokens
    bool full_ = true;
    std::optional<LearningRecipe> recipe_;
    std::optional<std::size_t> wanted_;
    std::size_t alphabet_ = 256;
    std::unique_ptr<MixingPredictor> predictor_;
};

std::string fault(const BlockHeader& header) {
    try {
        (void)decode_form(header.own);
    } catch (const Error& error) {
        return error.what();
    }
    return header.stream_bytes.size() <= kMaxMixingStreams
               ? ""
               : text_of("context mixing has at most ", kMaxMixingStreams, " streams, not ",
                         header.stream_bytes.size());
}

}  // namespace

Method mixing_method() {
    return {.id = kMixing,
            .name = "context mixing",
            .version = 2,
            .chained = true,
            .fault = fault,
            .open = [](const MethodContext& context) -> std::unique_ptr<BlockCoder> {
                return std::make_unique<MixingBlocks>(context);
            }};
}

}  // namespace bitlaw::coding
