#pragma once
/// \file How a network learns while it codes: every number that decides a bit, and the bounds of what an
/// archive may ask for.

#include <cstdint>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::predict {

/// Which optimizer takes the steps.
enum class LearningOptimizer : std::uint8_t {
    adamw = 0,  ///< AdamW for all tensors
    muon = 1,   ///< Muon for hidden matrices, AdamW for the rest
};

/// S streams advance in lock step. After every T positions one stream, the streams in turn, gives its last
/// symbols, at most `window` of them, as one sequence; `replay` sequences of the same length, drawn from all
/// that the block's streams have shown, are learned with it. The rate of step t = 0, 1, .. is
///
///     rate min(1, (t + 1) / warm) sqrt(fall / (t + fall)),
///
/// where a warm or fall of 0 leaves its factor out.
struct LearningRecipe {
    std::uint32_t streams = 8;   ///< S of a block, at most
    std::uint32_t segment = 64;  ///< T, even
    std::uint32_t window = 512;  ///< symbols of a sequence, even; S T: every symbol is learned once
    std::uint32_t replay = 0;    ///< older sequences beside the newest
    LearningOptimizer optimizer = LearningOptimizer::adamw;
    double rate = 2e-4;        ///< of AdamW
    double muon_ratio = 20.0;  ///< rate of Muon's matrices / rate
    std::uint32_t warm = 0;    ///< steps
    std::uint32_t fall = 0;    ///< steps
    double beta1 = 0.9;
    double beta2 = 0.99;
    double momentum = 0.95;  ///< of Muon
    double decay = 0.0;      ///< weight decay, decoupled
    double clip = 1.0;       ///< greatest norm of a step's gradient
    std::uint64_t seed = 1;  ///< of the replayed places
    bool operator==(const LearningRecipe&) const = default;
};

/// The number that stands beside a recipe in an archive: what the fields mean.
inline constexpr std::uint64_t kLearningInTurn = 1;

/// Bounds: S T, and memory of the weights, what is learned, and the streams' contexts.
inline constexpr std::uint32_t kMaxLearningRows = 4096;
inline constexpr double kMaxLearningBytes = 2.0 * 1024 * 1024 * 1024;

/// Streams of a block of that many bytes, 1 .. recipe.streams: each has 8 KiB at least, since it begins with
/// an empty context, which costs some hundred bytes.
[[nodiscard]] std::size_t learning_streams(const LearningRecipe& recipe, std::size_t bytes);

/// Every field as an option, named learn_...
[[nodiscard]] const Fields<LearningRecipe>& learning_fields();

/// What a network that learns has behind and beside it.
struct LearningPlace {
    bool fresh = false;  ///< it begins with weights from a seed
    bool mixed = false;  ///< experts on the file stand beside it
};
[[nodiscard]] LearningRecipe default_recipe(const LearningPlace& place);

/// The recipe with that many streams and as many bytes between two steps: S T stays, rounded to even T.
[[nodiscard]] LearningRecipe with_streams(LearningRecipe recipe, std::uint32_t streams);

/// Throws UsageError naming what is out of range.
void validate(const LearningRecipe& recipe);
/// docs/FORMAT.md has the bytes. Read validates; throws Error for an id that is none.
[[nodiscard]] Bytes encode_recipe(const LearningRecipe& recipe);
[[nodiscard]] LearningRecipe decode_recipe(std::uint64_t id, ByteSpan settings);

/// The learning rate of a step. Class A.
[[nodiscard]] double learning_rate(const LearningRecipe& recipe, std::uint64_t step);

/// Operations for a byte that is coded and learned: prediction, gradients of what a step learns, replayed
/// sequences too, and Muon's products.
[[nodiscard]] double learning_flops(const model::ModelConfig& config, const LearningRecipe& recipe);

/// Bytes that a network of this config takes while it learns so, all streams together: weights, packed twice,
/// two sums of gradients, two moments; activations and gradients of a step's rows; contexts.
[[nodiscard]] double learning_bytes(const model::ModelConfig& config, const LearningRecipe& recipe);
/// Throws Error when they are more than kMaxLearningBytes.
void check_learning_memory(const model::ModelConfig& config, const LearningRecipe& recipe);

}  // namespace bitlaw::predict
