#include "bitlaw/predict/stepper.hpp"

#include <algorithm>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/model/embedding.hpp"
#include "bitlaw/predict/inference_rows.hpp"
#include "bitlaw/predict/reset.hpp"

namespace bitlaw::predict {

using namespace symbols;
using namespace model;

struct Stepper::State {
    State(const PackedModel& packed, std::size_t stream_count, std::uint64_t reset)
        : model(packed),
          streams(stream_count),
          reset_every(reset),
          rows(packed, stream_count),
          context(packed.spec().embedding.taps + 1),
          inputs(stream_count * context, kStartSymbol) {
        std::size_t floats = 0;
        for (const BlockSpec& block : blocks_of(packed.spec())) {
            if (block.kind->mixing != nullptr) {
                states.emplace_back(block.kind->mixing->step_state(block, stream_count));
                floats = std::max(floats, block.kind->mixing->step_scratch(block));
            }
        }
        scratch.resize(floats);
    }

    void restart() {
        position = 0;
        std::fill(inputs.begin(), inputs.end(), kStartSymbol);
    }

    const PackedModel& model;
    std::size_t streams;
    std::uint64_t reset_every;
    InferenceRows rows;
    std::size_t context;             // symbols that an embedding looks at: taps + 1
    std::vector<Symbol> inputs;      // [S, taps + 1] the last symbols of each stream
    std::vector<BlockState> states;  // of the blocks that mix positions
    Floats scratch;
    std::uint64_t position = 0;  // since the last reset
};

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
    s.rows.stand_at(s.position, s.streams);
    const std::size_t width = s.model.spec().embedding.width;
    for (std::size_t stream = 0; stream < s.streams; ++stream) {
        const Symbol* newest = s.inputs.data() + (stream + 1) * s.context - 1;
        embed_rows(s.model.model(), newest, 1, s.rows.x() + stream * width);
    }
    s.rows.run(s.streams, [&](const BlockSpec& block, const BlockRows& values, std::size_t index) {
        block.kind->mixing->step(block, values, s.streams, s.position, s.states[index], s.scratch.data());
    });
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
