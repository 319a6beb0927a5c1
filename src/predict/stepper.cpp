#include "bitlaw/predict/stepper.hpp"

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

struct Stepper::State {
    State(const PackedModel& packed, std::size_t stream_count, std::uint64_t reset)
        : model(packed),
          streams(stream_count),
          reset_every(reset),
          widths(packed.config()),
          shape(attention_shape(packed.config())),
          ring(ring_size(packed.config().window)),
          angles(packed.config()),
          rows(packed.config(), stream_count),
          context(packed.config().taps + 1),
          inputs(stream_count * context, kStartSymbol),
          scratch(kernel_table().attention_step_scratch(shape)) {
        const std::size_t numbers = packed.config().layers * stream_count * ring * widths.keys;
        if (packed.config().cache == CachePrecision::bf16) {
            keys_bf16.resize(numbers);
            values_bf16.resize(numbers);
        } else {
            keys.resize(numbers);
            values.resize(numbers);
        }
    }

    void restart() {
        position = 0;
        std::fill(inputs.begin(), inputs.end(), kStartSymbol);
    }
    void attend(std::size_t layer);

    const PackedModel& model;
    std::size_t streams;
    std::uint64_t reset_every;
    Widths widths;
    AttentionShape shape;
    std::size_t ring;
    RotaryAngles angles;
    InferenceRows rows;
    std::size_t context;         // symbols that an embedding looks at: taps + 1
    std::vector<Symbol> inputs;  // [S, taps + 1] the last symbols of each stream
    // The caches of the config's precision; the other two are empty.
    Floats keys;         // [L, S, Hkv, ring / 16, D, 16]
    Floats values;       // [L, S, Hkv, ring, D]
    Halves keys_bf16;    // [L, S, Hkv, ring / 16, D / 2, 16, 2]
    Halves values_bf16;  // [L, S, Hkv, ring / 2, D, 2]
    Floats scratch;
    std::uint64_t position = 0;  // since the last reset
};

void Stepper::State::attend(std::size_t layer) {
    const Kernels& k = kernel_table();
    const std::size_t ld = widths.projected;
    const float* q = rows.qkv();                  // [S, H D]
    const float* new_keys = q + widths.attended;  // [S, Hkv D]
    const float* new_values = new_keys + widths.keys;
    const std::size_t offset = layer * streams * ring * widths.keys;
    if (keys.empty()) {
        const AttentionCacheBf16 cache{keys_bf16.data() + offset, values_bf16.data() + offset, ring};
        k.attention_append_bf16(shape, cache, streams, position, new_keys, ld, new_values, ld);
        k.attention_step_bf16(shape, cache, streams, position, 0, q, ld, rows.attended(), widths.attended,
                              scratch.data());
        return;
    }
    const AttentionCache cache{keys.data() + offset, values.data() + offset, ring};
    k.attention_append(shape, cache, streams, position, new_keys, ld, new_values, ld);
    k.attention_step(shape, cache, streams, position, 0, q, ld, rows.attended(), widths.attended,
                     scratch.data());
}

Stepper::Stepper(const PackedModel& model, std::size_t streams, std::uint64_t reset_every) {
    BITLAW_ASSERT(streams > 0);
    check_reset(model.config(), reset_every);
    state_ = std::make_unique<State>(model, streams, reset_every);
}
Stepper::Stepper(Stepper&&) noexcept = default;
Stepper& Stepper::operator=(Stepper&&) noexcept = default;
Stepper::~Stepper() = default;

void Stepper::restart() { state_->restart(); }

const float* Stepper::predict() {
    const FloatStateGuard guard;
    State& s = *state_;
    if (s.reset_every != 0 && s.position == s.reset_every) {
        s.restart();
    }
    const std::size_t half = s.widths.half_head;
    s.angles.fill(s.position, s.rows.cosine(), s.rows.sine());
    for (std::size_t stream = 1; stream < s.streams; ++stream) {
        std::copy_n(s.rows.cosine(), half, s.rows.cosine() + stream * half);
        std::copy_n(s.rows.sine(), half, s.rows.sine() + stream * half);
    }
    for (std::size_t stream = 0; stream < s.streams; ++stream) {
        const Symbol* newest = s.inputs.data() + (stream + 1) * s.context - 1;
        embed_rows(s.model.model(), newest, 1, s.rows.x() + stream * s.widths.width);
    }
    for (std::size_t layer = 0; layer < s.model.config().layers; ++layer) {
        s.rows.before(s.model, layer, s.streams);
        s.attend(layer);
        s.rows.after(s.model, layer, s.streams);
    }
    s.rows.finish(s.model, s.streams);
    return s.rows.logits();
}

void Stepper::accept(std::span<const Symbol> symbols) {
    BITLAW_ASSERT(symbols.size() == state_->streams);
    std::vector<Symbol>& inputs = state_->inputs;
    std::copy(inputs.begin() + 1, inputs.end(), inputs.begin());
    for (std::size_t stream = 0; stream < symbols.size(); ++stream) {
        inputs[(stream + 1) * state_->context - 1] = symbols[stream];
    }
    ++state_->position;
}

}  // namespace bitlaw::predict
