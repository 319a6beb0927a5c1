#include "bitlaw/interop/foreign_llama.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::interop {

using namespace model;
using namespace symbols;

PartShape part_shape(const ModelConfig& c, Part part) {
    const std::size_t width = c.width;
    const std::size_t queries = std::size_t{c.heads} * c.head_width;
    const std::size_t keys = std::size_t{c.kv_heads} * c.head_width;
    switch (part) {
        case Part::embedding:
        case Part::output: return {c.alphabet, width};
        case Part::query: return {queries, width};
        case Part::key:
        case Part::value: return {keys, width};
        case Part::attention_out: return {width, queries};
        case Part::gate:
        case Part::up: return {c.hidden, width};
        case Part::down: return {width, c.hidden};
        case Part::attention_gain:
        case Part::mlp_gain:
        case Part::output_gain: break;
    }
    return {1, width};
}

ModelConfig llama_config(bool tied, double epsilon) {
    for (const Family& family : families()) {
        if (family.norm_epsilon != 0 && family.tied == tied) {
            ModelConfig config;
            config.architecture = family.id;
            config.taps = family.taps;
            config.norm_epsilon = static_cast<std::uint32_t>(std::clamp(epsilon * 1e9 + 0.5, 0.0, 4e9));
            return config;
        }
    }
    BITLAW_ASSERT(false);
}

ForeignLlama::ForeignLlama(const ModelConfig& config, RotaryPairs pairs, Symbol start)
    : model_(config), pairs_(pairs), start_(start) {
    if (start >= config.alphabet) {
        fail("the start of a context is symbol ", start, ", but the model has ", config.alphabet,
             " symbols; name another one with --start");
    }
}

ForeignLlama::Place ForeignLlama::place_of(Part part, std::size_t layer) const {
    enum : std::size_t { kQkv, kOut };         // of attention
    enum : std::size_t { kGate, kUp, kDown };  // of the MLP
    const Layout& layout = model_.layout;
    const ModelConfig& c = model_.config;
    const std::vector<Tensor>& attention = layout.blocks[2 * layer];
    const std::vector<Tensor>& mlp = layout.blocks[2 * layer + 1];
    const std::size_t queries = std::size_t{c.heads} * c.head_width;
    const std::size_t keys = std::size_t{c.kv_heads} * c.head_width;
    switch (part) {
        case Part::embedding: return {&layout.embedding, 0, false, 0};
        case Part::attention_gain: return {&layout.norms[2 * layer].front(), 0, false, 0};
        case Part::query: return {&attention[kQkv], 0, true, c.head_width};
        case Part::key: return {&attention[kQkv], queries, true, c.head_width};
        case Part::value: return {&attention[kQkv], queries + keys, true, 0};
        case Part::attention_out: return {&attention[kOut], 0, true, 0};
        case Part::mlp_gain: return {&layout.norms[2 * layer + 1].front(), 0, false, 0};
        case Part::gate: return {&mlp[kGate], 0, true, 0};
        case Part::up: return {&mlp[kUp], 0, true, 0};
        case Part::down: return {&mlp[kDown], 0, true, 0};
        case Part::output_gain: return {&layout.output_gain, 0, false, 0};
        case Part::output: break;
    }
    return {&layout.output, 0, true, 0};
}

// Where row and column of a foreign part lie in the flat array of weights.
std::size_t ForeignLlama::index_of(const Place& place, const PartShape&, Part part, std::size_t row,
                                   std::size_t column) const {
    if (part == Part::embedding || part == Part::output) {
        row = moved(static_cast<Symbol>(row), start_);
    }
    if (place.head_width != 0 && pairs_ == RotaryPairs::neighbours) {
        const std::size_t in_head = row % place.head_width;  // 2 i + s -> s D/2 + i
        row += in_head % 2 * place.head_width / 2 + in_head / 2 - in_head;
    }
    return place.tensor->offset + (place.transposed ? column * place.tensor->columns + place.first + row
                                                    : row * place.tensor->columns + column);
}

void ForeignLlama::set(Part part, std::size_t layer, std::span<const float> weights) {
    const PartShape shape = part_shape(model_.config, part);
    const Place place = place_of(part, layer);
    BITLAW_ASSERT(weights.size() == shape.size());
    for (std::size_t row = 0; row < shape.rows; ++row) {
        for (std::size_t column = 0; column < shape.columns; ++column) {
            const float weight = weights[row * shape.columns + column];
            if (!std::isfinite(weight)) {
                fail("a weight is not a number; copy the model again");
            }
            model_.weights[index_of(place, shape, part, row, column)] = weight;
        }
    }
}

void ForeignLlama::get(Part part, std::size_t layer, std::span<float> weights) const {
    const PartShape shape = part_shape(model_.config, part);
    const Place place = place_of(part, layer);
    BITLAW_ASSERT(weights.size() == shape.size());
    for (std::size_t row = 0; row < shape.rows; ++row) {
        for (std::size_t column = 0; column < shape.columns; ++column) {
            weights[row * shape.columns + column] = model_.weights[index_of(place, shape, part, row, column)];
        }
    }
}

void rank_by_scores(std::span<const float> scores, ForeignVocabulary& foreign) {
    BITLAW_ASSERT(scores.size() == foreign.tokens.size());
    std::vector<float> ordered(scores.begin(), scores.end());
    std::sort(ordered.begin(), ordered.end(), std::greater<>());
    ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
    float before = INFINITY;
    bool as_numbered = true;
    for (std::size_t token = 0; token < scores.size(); ++token) {
        const auto place = std::lower_bound(ordered.begin(), ordered.end(), scores[token], std::greater<>());
        foreign.ranks.push_back(static_cast<std::uint32_t>(place - ordered.begin()));
        if (foreign.tokens[token].size() > 1) {
            as_numbered = as_numbered && scores[token] < before;
            before = scores[token];
        }
    }
    if (as_numbered) {
        foreign.ranks.clear();
    }
}

Vocabulary vocabulary_from(ForeignVocabulary foreign, std::uint32_t alphabet, Symbol start,
                           const std::string& name) {
    if (foreign.tokens.size() > alphabet) {
        fail(name, " has ", foreign.tokens.size(), " tokens, but the model predicts ", alphabet,
             "; name the tokenizer that belongs to the model");
    }
    foreign.tokens.resize(alphabet);
    if (!foreign.ranks.empty()) {
        foreign.ranks.resize(alphabet, UINT32_MAX);
    }
    if (start >= alphabet || !foreign.tokens[start].empty()) {
        fail(name, " has ", start, " as a token of text, so it cannot be the start of a context");
    }
    std::swap(foreign.tokens[0], foreign.tokens[start]);
    if (!foreign.ranks.empty()) {
        std::swap(foreign.ranks[0], foreign.ranks[start]);
    }
    for (Merge& merge : foreign.merges) {
        merge = {moved(merge.left, start), moved(merge.right, start)};
    }
    try {
        return {foreign.tokens, foreign.cut, foreign.leading_space, std::move(foreign.ranks),
                std::move(foreign.merges)};
    } catch (const Error& error) {
        fail(name, " cannot be used: ", error.what());
    }
}

}  // namespace bitlaw::interop
