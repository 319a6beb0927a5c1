#include "bitlaw/predict/learning_predictor.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/reset.hpp"
#include "bitlaw/predict/scorer.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "bitlaw/predict/token_predictor.hpp"

namespace bitlaw::predict {

using namespace learn;
using namespace model;
using namespace symbols;

namespace {

// With weights up to 64 nothing overflows: a normed row of C numbers has length sqrt(C), so a product with a
// column is at most 64 C, its square below 2^32 at C = 1024; times 64 F it stays below 2^51, and a sum of
// squares over C below 2^112 < 2^127. Trained weights lie within +-4.
constexpr double kWeightBound = 64.0;

LearnerOptions learner_options(const Model& start, const LearningRecipe& recipe) {
    double bound = kWeightBound;
    for (const float weight : start.weights) {
        bound = std::max(bound, std::abs(static_cast<double>(weight)));
    }
    return {
        .adam = {.beta1 = recipe.beta1, .beta2 = recipe.beta2, .epsilon = 1e-8, .weight_decay = recipe.decay},
        .muon = {.enabled = recipe.optimizer == LearningOptimizer::muon,
                 .rate_ratio = recipe.muon_ratio,
                 .momentum = recipe.momentum,
                 .weight_decay = recipe.decay},
        .clip = recipe.clip,
        .weight_bound = bound};
}

// Streams that one thread steps together.
struct Group {
    std::size_t first;
    std::size_t count;
    Stepper stepper;
    std::vector<Symbol> came;       // [count]
    const float* logits = nullptr;  // [count, V]
};

}  // namespace

struct LearningPredictor::State {
    State(const Model& start, const LearningOptions& wanted)
        : options(wanted),
          learner(untied(start), learner_options(start, wanted.recipe)),
          sharpness(1.0 / wanted.temperature),
          random(wanted.recipe.seed) {
        const std::uint64_t longest = learner.model().spec.longest_context;
        window = longest == 0 ? options.recipe.window
                              : std::min<std::size_t>(options.recipe.window, longest / 2 * 2);
    }

    void frequencies(const float* x, std::span<std::uint32_t> out) const {
        if (sharpness == 1.0) {
            frequencies_of_any({x, out.size()}, out);
        } else {
            std::vector<float> scaled(out.size());
            kernels::kernel_table().scale(x, static_cast<float>(sharpness), out.size(), scaled.data());
            frequencies_of_any(scaled, out);
        }
    }

    // Steps all streams or none: groups of about the same size, one a thread.
    void make_groups(std::size_t streams) {
        const std::size_t count = std::min(thread_count(), streams);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t first = i * streams / count;
            const std::size_t size = (i + 1) * streams / count - first;
            groups.push_back({first, size, Stepper(learner.packed(), size, options.reset_every),
                              std::vector<Symbol>(size)});
        }
    }

    LearningOptions options;
    Learner learner;
    std::size_t window;  // symbols of a sequence
    double sharpness;
    Random random;
    std::uint64_t step = 0;
    std::uint64_t dropped = 0;
    std::size_t turn = 0;                          // the stream that learns next
    std::vector<std::vector<std::uint16_t>> past;  // [S] of each stream what can still be learned ...
    std::size_t past_begin = 0;                    // ... from this position on
    std::vector<Symbol> sequences;                 // [1 + replay, n] of a step
    std::vector<Group> groups;                     // made by the first step
    std::vector<Scorer> scorers;                   // one a stream; made by the first score
    std::vector<const float*> scored;              // [S] logits [n, V] of a stream's piece
    std::vector<std::uint32_t> tables;             // [S, n, V] of a piece
};

LearningPredictor::LearningPredictor(const Model& start, const LearningOptions& options) {
    validate(options.recipe);
    check_reset(start.config, options.reset_every);
    check_context_memory(start.config);
    check_learning_memory(start.config, options.recipe);
    if (start.config.alphabet > 65536) {
        fail("a network of ", start.config.alphabet,
             " symbols cannot learn while it codes, only one of 65536 at most can; use it frozen");
    }
    state_ = std::make_unique<State>(start, options);
}
LearningPredictor::~LearningPredictor() = default;

std::size_t LearningPredictor::alphabet() const { return state_->learner.model().config.alphabet; }
std::uint64_t LearningPredictor::steps() const { return state_->step; }
std::uint64_t LearningPredictor::dropped_steps() const { return state_->dropped; }
const Model& LearningPredictor::model() const { return state_->learner.model(); }

void LearningPredictor::begin_streams() {
    State& s = *state_;
    s.groups.clear();
    s.scorers.clear();
    s.past.assign(streams(), {});
    s.past_begin = 0;
    s.turn = 0;
}

void LearningPredictor::predict_row() {
    State& s = *state_;
    if (s.groups.empty()) {
        s.make_groups(streams());
    }
    parallel_for(s.groups.size(), [&](std::size_t i) { s.groups[i].logits = s.groups[i].stepper.predict(); });
}

void LearningPredictor::row(std::size_t stream, std::span<std::uint32_t> frequency) {
    const State& s = *state_;
    const auto group = std::find_if(s.groups.begin(), s.groups.end(), [stream](const Group& candidate) {
        return stream < candidate.first + candidate.count;
    });
    s.frequencies(group->logits + (stream - group->first) * frequency.size(), frequency);
}

void LearningPredictor::accept_row(std::span<const Symbol> symbols) {
    State& s = *state_;
    BITLAW_ASSERT(!s.groups.empty());
    for (Group& group : s.groups) {
        for (std::size_t i = 0; i < group.count; ++i) {
            const std::size_t stream = group.first + i;
            group.came[i] = running(stream) ? symbols[stream] : kStartSymbol;  // one that has ended idles
            if (running(stream)) {
                s.past[stream].push_back(static_cast<std::uint16_t>(symbols[stream]));
            }
        }
        group.stepper.accept(group.came);
    }
    learn_at(position() + 1);
}

void LearningPredictor::visit_rows(std::span<const Symbol> symbols, std::size_t n, const Visit& visit) {
    State& s = *state_;
    const std::size_t width = alphabet();
    while (s.scorers.size() < streams()) {
        s.scorers.emplace_back(s.learner.packed(), s.options.reset_every);
    }
    const std::size_t segment = s.options.recipe.segment;
    for (std::size_t from = 0; from < n;) {
        const std::size_t to_step = segment - (position() + from) % segment;
        const std::size_t to = std::min({n, from + to_step, from + Scorer::kMaxPositions});
        s.tables.resize(streams() * (to - from) * width);
        parallel_for(streams(), [&](std::size_t stream) {
            const std::size_t end = std::clamp(left(stream, n), from, to);
            const auto piece = symbols.subspan(stream * n + from, end - from);
            if (piece.empty()) {
                return;
            }
            const float* logits = s.scorers[stream].score(piece);
            std::uint32_t* table = s.tables.data() + stream * (to - from) * width;
            for (std::size_t i = 0; i < piece.size(); ++i) {
                s.frequencies(logits + i * width, {table + i * width, width});
            }
            s.past[stream].insert(s.past[stream].end(), piece.begin(), piece.end());
        });
        for (std::size_t i = from; i < to; ++i) {
            for (std::size_t stream = 0; stream < streams(); ++stream) {
                if (running(stream, i)) {
                    const std::size_t first = (stream * (to - from) + i - from) * width;
                    visit(stream, {s.tables.data() + first, width}, symbols[stream * n + i]);
                }
            }
        }
        learn_at(position() + to);
        from = to;
    }
}

// `position` symbols of every stream are known, of those that have ended fewer.
void LearningPredictor::learn_at(std::size_t position) {
    State& s = *state_;
    const LearningRecipe& recipe = s.options.recipe;
    if (position % recipe.segment != 0) {
        return;
    }
    // The next stream in turn that has come so far; there is one, since the longest has.
    while (lengths()[s.turn] < position) {
        s.turn = (s.turn + 1) % streams();
    }
    const std::size_t length = std::min(s.window, position) / 2 * 2;
    s.sequences.clear();
    const auto add = [&](std::size_t stream, std::size_t begin) {
        const auto first = s.past[stream].begin() + static_cast<std::ptrdiff_t>(begin - s.past_begin);
        s.sequences.insert(s.sequences.end(), first, first + static_cast<std::ptrdiff_t>(length));
    };
    add(s.turn, position - length);
    s.turn = (s.turn + 1) % streams();
    for (std::uint32_t i = 0; i < recipe.replay; ++i) {
        const auto stream = static_cast<std::size_t>(s.random.below(streams()));
        const std::size_t seen = std::min(position, lengths()[stream]);
        if (seen >= length) {
            add(stream, static_cast<std::size_t>(s.random.below(seen - length + 1)));
        }
    }
    const float factor = 1.0F / static_cast<float>(s.sequences.size());
    const std::size_t leaf = leaf_sequences(length) * length;
    for (std::size_t first = 0; first < s.sequences.size(); first += leaf) {
        const std::size_t count = std::min(leaf, s.sequences.size() - first);
        s.learner.add_leaf({s.sequences.data() + first, count}, length, factor);
    }
    const StepOutcome outcome = s.learner.update(learning_rate(recipe, s.step));
    s.step += 1;
    s.dropped += outcome.is_finite() ? 0 : 1;
    // What is too old to be learned is forgotten, in pieces, so that it is moved rarely.
    constexpr std::size_t kKeptWindows = 16;
    if (recipe.replay == 0 && position - s.past_begin >= kKeptWindows * s.window) {
        const std::size_t kept_from = position - s.window;
        for (std::vector<std::uint16_t>& past : s.past) {
            const std::size_t gone = std::min(past.size(), kept_from - s.past_begin);
            past.erase(past.begin(), past.begin() + static_cast<std::ptrdiff_t>(gone));
        }
        s.past_begin = kept_from;
    }
}

PredictorMaker learning_predictors(const Model& start, const LearningOptions& options) {
    const auto tokenizer = tokenizer_of(start.vocabulary);
    return {
        .make = [&start, options,
                 tokenizer] { return spelt(std::make_unique<LearningPredictor>(start, options), tokenizer); },
        .alphabet = tokenizer ? 256 : start.config.alphabet,
        .independent = false,
        .group_streams = options.recipe.streams};
}

}  // namespace bitlaw::predict
