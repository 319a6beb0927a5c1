#include "bitlaw/predict/scorer.hpp"

#include <algorithm>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/model/embedding.hpp"
#include "bitlaw/model/rotary.hpp"
#include "bitlaw/predict/inference_rows.hpp"
#include "bitlaw/predict/reset.hpp"

namespace bitlaw::predict {

using namespace symbols;
using namespace kernels;
using namespace model;

namespace {

/// Rows of history that are kept: the window, one block, and four blocks more, so that old rows are moved
/// away only every fourth call; a multiple of 16 as positions must keep their lane.
std::size_t history_rows(const ModelConfig& config) {
    const std::size_t window = (config.window + 15) / 16 * 16;
    return window + 16 + 5 * Scorer::kMaxPositions;
}

}  // namespace

struct Scorer::State {
    State(const PackedModel& packed, std::uint64_t reset)
        : model(packed),
          reset_every(reset),
          widths(packed.config()),
          shape(attention_shape(packed.config())),
          capacity(history_rows(packed.config())),
          angles(packed.config()),
          rows(packed.config(), kMaxPositions),
          history(packed.config().layers * capacity * 2 * widths.keys),
          scratch(kernel_table().attention_scratch(shape, kMaxPositions, capacity - kMaxPositions)),
          maximum(kMaxPositions * widths.heads),
          inverse(kMaxPositions * widths.heads),
          inputs(packed.config().taps + 1 + kMaxPositions, kStartSymbol) {}

    /// Keys and values [capacity, 2 Hkv D] of one layer, the oldest first.
    [[nodiscard]] float* layer_history(std::size_t layer) {
        return history.data() + layer * capacity * 2 * widths.keys;
    }
    void restart() {
        position = 0;
        past = 0;
        std::fill(inputs.begin(), inputs.end(), kStartSymbol);
    }
    void score_block(const Symbol* symbols, std::size_t n, float* logits);
    void make_room(std::size_t n);
    void attend(std::size_t layer, std::size_t n);

    const PackedModel& model;
    std::uint64_t reset_every;
    Widths widths;
    AttentionShape shape;
    std::size_t capacity;
    RotaryAngles angles;
    InferenceRows rows;
    Floats history;  // [L, capacity, 2 Hkv D]
    Floats scratch;
    Floats maximum;              // [n, H]
    Floats inverse;              // [n, H]
    Floats joined;               // [kMaxPositions, V], only when a call crosses a reset
    std::size_t past = 0;        // rows in the history; row 0 lies at a position that is a multiple of 16
    std::uint64_t position = 0;  // since the last reset
    std::vector<Symbol> inputs;  // [taps + 1 + kMaxPositions] the last symbols, then the block's
};

/// Moves the rows that later queries still see to the front, when n more would not fit.
void Scorer::State::make_room(std::size_t n) {
    if (past + n <= capacity) {
        return;
    }
    const std::size_t needed = shape.window - 1;
    const std::size_t dropped = (past - std::min(past, needed)) / 16 * 16;
    const std::size_t row_floats = 2 * widths.keys;
    for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
        float* rows_of_layer = layer_history(layer);
        std::copy(rows_of_layer + dropped * row_floats, rows_of_layer + past * row_floats, rows_of_layer);
    }
    past -= dropped;
}

void Scorer::State::attend(std::size_t layer, std::size_t n) {
    const std::size_t row_floats = 2 * widths.keys;
    float* history_of_layer = layer_history(layer);
    for (std::size_t row = 0; row < n; ++row) {
        const float* keys_values = rows.qkv() + row * widths.projected + widths.attended;
        std::copy_n(keys_values, row_floats, history_of_layer + (past + row) * row_floats);
    }
    const AttentionBlock block{.q = rows.qkv(),
                               .ldq = widths.projected,
                               .k = history_of_layer,
                               .ldk = row_floats,
                               .v = history_of_layer + widths.keys,
                               .ldv = row_floats,
                               .queries = n,
                               .past = past};
    for (std::size_t head = 0; head < widths.kv_heads; ++head) {
        kernel_table().attention_forward(shape, block, head, 0, n, rows.attended(), widths.attended,
                                         maximum.data(), inverse.data(), scratch.data());
    }
}

void Scorer::State::score_block(const Symbol* symbols, std::size_t n, float* logits) {
    make_room(n);
    const std::size_t earlier = model.config().taps + 1;
    std::copy_n(symbols, n, inputs.data() + earlier);
    embed_rows(model.model(), inputs.data() + earlier - 1, n, rows.x());
    for (std::size_t row = 0; row < n; ++row) {
        angles.fill(position + row, rows.cosine() + row * widths.half_head,
                    rows.sine() + row * widths.half_head);
    }
    for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
        rows.before(model, layer, n);
        attend(layer, n);
        rows.after(model, layer, n);
    }
    rows.finish(model, n);
    if (logits != nullptr) {
        std::copy_n(rows.logits(), n * widths.alphabet, logits);
    }
    past += n;
    position += n;
    std::copy_n(inputs.data() + n, earlier, inputs.data());
}

Scorer::Scorer(const PackedModel& model, std::uint64_t reset_every) {
    check_reset(model.config(), reset_every);
    state_ = std::make_unique<State>(model, reset_every);
}
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;
Scorer::~Scorer() = default;

void Scorer::restart() { state_->restart(); }

const float* Scorer::score(std::span<const Symbol> symbols) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(!symbols.empty() && symbols.size() <= kMaxPositions);
    State& s = *state_;
    const auto until_reset = [&s]() {
        return s.reset_every == 0 ? std::uint64_t{kMaxPositions} : s.reset_every - s.position;
    };
    std::size_t done = 0;
    while (done < symbols.size()) {
        if (until_reset() == 0) {
            s.restart();
        }
        const auto n =
            static_cast<std::size_t>(std::min<std::uint64_t>(symbols.size() - done, until_reset()));
        const bool whole = n == symbols.size();
        if (!whole) {
            s.joined.resize(kMaxPositions * s.widths.alphabet);
        }
        s.score_block(symbols.data() + done, n, whole ? nullptr : s.joined.data() + done * s.widths.alphabet);
        if (whole) {
            return s.rows.logits();
        }
        done += n;
    }
    return s.joined.data();
}

}  // namespace bitlaw::predict
