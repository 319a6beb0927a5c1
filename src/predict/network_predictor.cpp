#include "bitlaw/predict/network_predictor.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/scorer.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "bitlaw/predict/token_predictor.hpp"

namespace bitlaw::predict {

using namespace kernels;
using namespace model;
using namespace symbols;

namespace {

// Streams that are stepped together: at least so many that the products have rows to share a weight, then no
// more than keep the group's keys and values in a core's cache. Measured on Zen 5 with the presets 200k, 800k
// and vanilla-200k, which were fastest in groups of 8 to 16, 4 to 8 and 4, with contexts of 0.3, 1.1 and 4
// MiB a stream. Speed and memory only, never a bit.
constexpr std::size_t kMinGroup = 4;
constexpr std::size_t kMaxGroup = 12;
constexpr double kGroupCacheBytes = 4.0 * 1024 * 1024;
// However large a model's window is, a worker's contexts stay below this, down to one stream.
constexpr double kGroupMemoryBytes = 256.0 * 1024 * 1024;
constexpr double kMaxContextBytes = 1024.0 * 1024 * 1024;

// What one stream keeps of its past, as if all of it were fp32: the formats' bound counts so.
double context_bytes(const ModelConfig& config) {
    const StateSize size = stream_state(network_spec(config));
    return static_cast<double>(sizeof(float)) * static_cast<double>(size.floats + size.halves);
}

// As it is stored; never 0.
double cached_bytes(const ModelConfig& config) {
    const StateSize size = stream_state(network_spec(config));
    return std::max(1.0,
                    static_cast<double>(sizeof(float) * size.floats + sizeof(std::uint16_t) * size.halves));
}

std::size_t best_group(const ModelConfig& config) {
    const double bytes = cached_bytes(config);
    const auto in_cache = static_cast<std::size_t>(kGroupCacheBytes / bytes);
    const auto in_memory = static_cast<std::size_t>(kGroupMemoryBytes / bytes);
    return std::max<std::size_t>(1, std::min(std::clamp(in_cache, kMinGroup, kMaxGroup), in_memory));
}

}  // namespace

struct NetworkPredictor::State {
    State(const PackedModel& packed, const NetworkOptions& options)
        : model(packed), reset_every(options.reset_every), sharpness(1.0 / options.temperature) {}

    // The frequencies [V] of one row of logits [V].
    void frequencies(const float* x, std::span<std::uint32_t> out) {
        if (sharpness != 1.0) {
            scaled.resize(out.size());
            kernel_table().scale(x, static_cast<float>(sharpness), out.size(), scaled.data());
            x = scaled.data();
        }
        frequencies_of({x, out.size()}, out);
    }

    const PackedModel& model;
    std::uint64_t reset_every;
    double sharpness;
    std::vector<float> scaled;           // [V]
    std::optional<Stepper> stepper;      // over all streams; made by the first step
    const float* logits = nullptr;       // [S, V] of the stepper
    std::size_t stepped_streams = 0;     // S of the stepper
    std::vector<Symbol> stepped;         // [S]
    std::vector<Scorer> scorers;         // one a stream; made by the first score
    std::vector<const float*> scored;    // [S] logits [n, V] of a stream's block
    std::vector<std::uint32_t> visited;  // [V]
};

NetworkPredictor::NetworkPredictor(const PackedModel& model, const NetworkOptions& options)
    : state_(std::make_unique<State>(model, options)) {
    check_reset(model.config(), options.reset_every);
    // Logits divided by less could leave fp32's range.
    constexpr double kMinTemperature = 1e-3;
    if (!(options.temperature >= kMinTemperature && options.temperature <= 100)) {
        fail_usage("a temperature of ", options.temperature, " is out of range; it must lie in ",
                   kMinTemperature, " .. 100");
    }
}
NetworkPredictor::~NetworkPredictor() = default;

std::size_t NetworkPredictor::alphabet() const { return state_->model.config().alphabet; }

void NetworkPredictor::begin_streams() {
    State& s = *state_;
    if (s.stepper && s.stepped_streams == streams()) {
        s.stepper->restart();
    } else {
        s.stepper.reset();
    }
    s.scorers.erase(s.scorers.begin() + static_cast<std::ptrdiff_t>(std::min(s.scorers.size(), streams())),
                    s.scorers.end());
    for (Scorer& scorer : s.scorers) {
        scorer.restart();
    }
}

void NetworkPredictor::predict_row() {
    State& s = *state_;
    if (!s.stepper) {
        s.stepper.emplace(s.model, streams(), s.reset_every);
        s.stepped_streams = streams();
    }
    s.logits = s.stepper->predict();
}

void NetworkPredictor::row(std::size_t stream, std::span<std::uint32_t> frequency) {
    state_->frequencies(state_->logits + stream * frequency.size(), frequency);
}

void NetworkPredictor::accept_row(std::span<const Symbol> symbols) {
    State& s = *state_;
    BITLAW_ASSERT(s.stepper);
    s.stepped.resize(streams());
    for (std::size_t stream = 0; stream < streams(); ++stream) {
        s.stepped[stream] = running(stream) ? symbols[stream] : kStartSymbol;  // one that has ended idles
    }
    s.stepper->accept(s.stepped);
}

void NetworkPredictor::visit_rows(std::span<const Symbol> symbols, std::size_t n, const Visit& visit) {
    State& s = *state_;
    while (s.scorers.size() < streams()) {
        s.scorers.emplace_back(s.model, s.reset_every);
    }
    s.scored.resize(streams());
    s.visited.resize(alphabet());
    for (std::size_t from = 0; from < n; from += Scorer::kMaxPositions) {
        const std::size_t to = std::min(n, from + Scorer::kMaxPositions);
        // Of stream s's positions from .. to-1, those that it has.
        const auto part = [&](std::size_t stream) {
            const std::size_t end = std::clamp(left(stream, n), from, to);
            return symbols.subspan(stream * n + from, end - from);
        };
        parallel_for(streams(), [&](std::size_t stream) {
            if (!part(stream).empty()) {
                s.scored[stream] = s.scorers[stream].score(part(stream));
            }
        });
        for (std::size_t i = from; i < to; ++i) {
            for (std::size_t stream = 0; stream < streams(); ++stream) {
                if (running(stream, i)) {
                    s.frequencies(s.scored[stream] + (i - from) * alphabet(), s.visited);
                    visit(stream, s.visited, symbols[stream * n + i]);
                }
            }
        }
    }
}

PredictorMaker network_predictors(const PackedModel& model, const NetworkOptions& options) {
    check_context_memory(model.config());
    const auto tokenizer = tokenizer_of(model.model().vocabulary);
    return {
        .make = [&model, options,
                 tokenizer] { return spelt(std::make_unique<NetworkPredictor>(model, options), tokenizer); },
        .alphabet = tokenizer ? 256 : model.config().alphabet,
        .independent = true,
        .group_streams = best_group(model.config()),
        .stream_bytes = static_cast<std::uint64_t>(cached_bytes(model.config()))};
}

void check_context_memory(const ModelConfig& config) {
    const double bytes = context_bytes(config);
    if (bytes > kMaxContextBytes) {
        fail("one stream of this model needs ", bytes / (1024 * 1024), " MiB of context, and at most ",
             kMaxContextBytes / (1024 * 1024), " MiB are allowed; use a model with a smaller window");
    }
}

}  // namespace bitlaw::predict
