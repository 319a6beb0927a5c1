#include "bitlaw/predict/scorer.hpp"

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

struct Scorer::State {
    State(const PackedModel& packed, std::uint64_t reset)
        : model(packed),
          reset_every(reset),
          alphabet(packed.spec().head.alphabet),
          earlier(packed.spec().embedding.taps + 1),
          rows(packed, kMaxPositions),
          inputs(earlier + kMaxPositions, kStartSymbol) {
        std::size_t floats = 0;
        for (const BlockSpec& block : blocks_of(packed.spec())) {
            if (block.kind->mixing != nullptr) {
                states.emplace_back(block.kind->mixing->piece_state(block, kMaxPositions));
                floats = std::max(floats, block.kind->mixing->piece_scratch(block, kMaxPositions));
            }
        }
        scratch.resize(floats);
    }

    void restart() {
        position = 0;
        std::fill(inputs.begin(), inputs.end(), kStartSymbol);
    }
    void score_block(const Symbol* symbols, std::size_t n, float* logits);

    const PackedModel& model;
    std::uint64_t reset_every;
    std::size_t alphabet;  // V
    std::size_t earlier;   // symbols that an embedding looks at: taps + 1
    InferenceRows rows;
    std::vector<BlockState> states;  // of the blocks that mix positions
    Floats scratch;
    Floats joined;               // [kMaxPositions, V], only when a call crosses a reset
    std::uint64_t position = 0;  // since the last reset
    std::vector<Symbol> inputs;  // [earlier + kMaxPositions] the last symbols, then the block's
    std::vector<Symbol> marked;  // [earlier] the last symbols at the mark
    std::size_t since_mark = 0;
};

void Scorer::State::score_block(const Symbol* symbols, std::size_t n, float* logits) {
    std::copy_n(symbols, n, inputs.data() + earlier);
    embed_rows(model.model(), inputs.data() + earlier - 1, n, rows.x());
    rows.stand_from(position, n);
    rows.run(n, [&](const BlockSpec& block, const BlockRows& values, std::size_t index) {
        block.kind->mixing->piece(block, values, n, position, states[index], scratch.data());
    });
    if (logits != nullptr) {
        std::copy_n(rows.logits(), n * alphabet, logits);
    }
    position += n;
    since_mark += n;
    std::copy_n(inputs.data() + n, earlier, inputs.data());
}

Scorer::Scorer(const PackedModel& model, std::uint64_t reset_every) {
    if (reset_every != kByCaller) {
        check_reset(model.config(), reset_every);
    }
    state_ = std::make_unique<State>(model, reset_every);
}
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;
Scorer::~Scorer() = default;

void Scorer::restart() { state_->restart(); }

void Scorer::mark() {
    State& s = *state_;
    BITLAW_ASSERT(s.reset_every == kByCaller);
    s.marked.assign(s.inputs.begin(), s.inputs.begin() + static_cast<std::ptrdiff_t>(s.earlier));
    s.since_mark = 0;
}

void Scorer::rewind() {
    State& s = *state_;
    BITLAW_ASSERT(s.marked.size() == s.earlier);
    std::copy(s.marked.begin(), s.marked.end(), s.inputs.begin());
    s.position -= s.since_mark;
    for (BlockState& state : s.states) {
        state.rows -= s.since_mark;
    }
    s.since_mark = 0;
}

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
            s.joined.resize(kMaxPositions * s.alphabet);
        }
        s.score_block(symbols.data() + done, n, whole ? nullptr : s.joined.data() + done * s.alphabet);
        if (whole) {
            return s.rows.logits();
        }
        done += n;
    }
    return s.joined.data();
}

}  // namespace bitlaw::predict
