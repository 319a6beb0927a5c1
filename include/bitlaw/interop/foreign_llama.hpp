#pragma once
/// \file A network of the Llama family from foreign tensors: their order and layouts as this project has
/// them.

#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/model/model.hpp"
#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::interop {

/// Which features of a head turn together: neighbours (llama2.c), or those half a head apart (PyTorch's).
enum class RotaryPairs { neighbours, halves };

/// A tensor of a foreign model; those of layers come once for each.
enum class Part {
    embedding,       ///< [V, C]
    attention_gain,  ///< [C]
    query,           ///< [H D, C]
    key,             ///< [Hkv D, C]
    value,           ///< [Hkv D, C]
    attention_out,   ///< [C, H D]
    mlp_gain,        ///< [C]
    gate,            ///< [F, C]
    up,              ///< [F, C]
    down,            ///< [C, F]
    output_gain,     ///< [C]
    output,          ///< [V, C]
};

/// Rows and columns of a part.
struct PartShape {
    std::size_t rows;
    std::size_t columns;
    [[nodiscard]] std::size_t size() const { return rows * columns; }
};
[[nodiscard]] PartShape part_shape(const model::ModelConfig& config, Part part);
/// Those of one layer, in llama2.c's names' order; those outside are embedding, output_gain and output.
inline constexpr Part kLayerParts[] = {
    Part::attention_gain, Part::query, Part::key, Part::value, Part::attention_out,
    Part::mlp_gain,       Part::gate,  Part::up,  Part::down};

/// The config of a family with norms with gains, its epsilon as a number.
[[nodiscard]] model::ModelConfig llama_config(bool tied, double epsilon);

/// Fills a model part by part. Symbol 0 is the start of a context here, so the foreign `start` and 0 change
/// places.
class ForeignLlama {
   public:
    ForeignLlama(const model::ModelConfig& config, RotaryPairs pairs, symbols::Symbol start);
    /// weights as part_shape() says, row-major. Outside the layers `layer` is not looked at.
    void set(Part part, std::size_t layer, std::span<const float> weights);
    /// The foreign weights again, from a model of this family: the inverse of set().
    void get(Part part, std::size_t layer, std::span<float> weights) const;
    [[nodiscard]] model::Model take() { return std::move(model_); }
    [[nodiscard]] model::Model& model() { return model_; }

   private:
    struct Place {
        const model::Tensor* tensor;
        std::size_t first;  // column
        bool transposed;
        std::size_t head_width;  // of columns that are turned; 0: none
    };
    [[nodiscard]] Place place_of(Part part, std::size_t layer) const;
    [[nodiscard]] std::size_t index_of(const Place& place, const PartShape& shape, Part part, std::size_t row,
                                       std::size_t column) const;
    model::Model model_;
    RotaryPairs pairs_;
    symbols::Symbol start_;
};

/// A foreign symbol's number here, and back.
[[nodiscard]] constexpr symbols::Symbol moved(symbols::Symbol symbol, symbols::Symbol start) {
    return symbol == start ? 0 : symbol == 0 ? start : symbol;
}

/// A foreign vocabulary: tokens by their foreign numbers, empty where they are special.
struct ForeignVocabulary {
    std::vector<Bytes> tokens;
    std::vector<std::uint32_t> ranks = {};  ///< as Vocabulary has them; empty: the foreign number
    std::vector<symbols::Merge> merges = {};
    symbols::TextCut cut = symbols::TextCut::none;
    bool leading_space = false;
};

/// Ranks of scores [tokens]: the highest score joins first, equal scores are of one rank. None where the
/// tokens' numbers say the same.
void rank_by_scores(std::span<const float> scores, ForeignVocabulary& foreign);

/// With symbols in this project's order, and empty tokens up to `alphabet`. Throws Error with `name` in it.
[[nodiscard]] symbols::Vocabulary vocabulary_from(ForeignVocabulary foreign, std::uint32_t alphabet,
                                                  symbols::Symbol start, const std::string& name);

}  // namespace bitlaw::interop
