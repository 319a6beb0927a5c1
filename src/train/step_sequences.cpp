#include "step_sequences.hpp"

#include <algorithm>
#include <span>

namespace bitlaw::train {

using namespace symbols;
using namespace learn;

namespace {

// What 32 steps of 4,096 read, of a short run a sixteenth, but 32 contexts.
std::size_t sample_bytes(const ResolvedRun& run) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(131'072, run.steps * run.step_tokens() / 16));
    return std::max<std::size_t>(wanted / run.positions(), 32) * run.positions();
}

}  // namespace

StepSequences::StepSequences(const ResolvedRun& run, const Corpus& training)
    : run_(run), training_(training), sampler_(training, run.positions(), run.options.seed) {}

void StepSequences::add_to(Learner& learner, std::size_t begin, std::size_t end) {
    const float factor = static_cast<float>(1.0 / static_cast<double>(run_.step_tokens()));
    for (std::size_t first = begin; first < end; first += learner.leaf()) {
        const std::size_t sequences = std::min(learner.leaf(), end - first);
        symbols_.resize(sequences * run_.positions());
        for (std::size_t s = 0; s < sequences; ++s) {
            sampler_.next(std::span(symbols_).subspan(s * run_.positions(), run_.positions()));
        }
        // A page that is read can map two megabytes around it.
        constexpr std::size_t kDrawnAtOnce = 64;
        drawn_ += sequences;
        if (drawn_ >= kDrawnAtOnce) {
            training_.forget();
            drawn_ = 0;
        }
        step_bytes_ += training_.covered(symbols_);
        learner.add_leaf(symbols_, factor);
    }
}

void StepSequences::pass(std::size_t sequences) {
    if (!run_.has_vocabulary()) {
        sampler_.skip(sequences);
        step_bytes_ += sequences * run_.positions();
        return;
    }
    symbols_.resize(run_.positions());
    for (; sequences > 0; --sequences) {
        sampler_.next(symbols_);
        step_bytes_ += training_.covered(symbols_);
    }
}

std::vector<Symbol> rounding_sample(const ResolvedRun& run, const Corpus& training) {
    std::vector<Symbol> sample(sample_bytes(run));
    Sampler sampler(training, run.positions(), run.options.seed);
    for (std::size_t first = 0; first < sample.size(); first += run.positions()) {
        sampler.next(std::span(sample).subspan(first, run.positions()));
    }
    training.forget();
    return sample;
}

}  // namespace bitlaw::train
