#include "bitlaw/predict/mixing_predictor.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/predict/context_mixer.hpp"
#include "bitlaw/predict/light_mixer.hpp"
#include "pipeline.hpp"

namespace bitlaw::predict {

using namespace symbols;

namespace {

// Bits of the experts' probabilities.
constexpr unsigned kShareBits = 32;
// Positions that the network scores ahead of the experts in one piece: 64 KiB of tables a stream.
constexpr std::size_t kScorePositions = 64;
// Pieces that are ready or being made: while the experts read one, the network fills the other.
constexpr std::size_t kPieces = 2;

// Streams first .. first+count-1, which one predictor of the network takes.
struct Group {
    std::size_t first;
    std::size_t count;
    std::size_t longest;
    std::unique_ptr<TablePredictor> network;
    FrequencyTable table;                        // [count, V] stepping: of the next position
    std::vector<Symbol> came;                    // [count] stepping: of the position that was mixed last
    std::vector<std::uint32_t> scored[kPieces];  // [count, kScorePositions, V] scoring
    std::atomic<std::size_t> ready{0};           // positions or pieces that the network has predicted
    std::atomic<bool> taken{false};              // a worker is in the network
};

// Takes a group if no other worker has it, for as long as the value lives.
class Taken {
   public:
    explicit Taken(Group& group)
        : group_(group.taken.load(std::memory_order_relaxed) ||
                         group.taken.exchange(true, std::memory_order_acquire)
                     ? nullptr
                     : &group) {}
    ~Taken() {
        if (group_ != nullptr) {
            group_->taken.store(false, std::memory_order_release);
        }
    }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    explicit operator bool() const { return group_ != nullptr; }

   private:
    Group* group_;
};

}  // namespace

struct MixingPredictor::State {
    State(const MixingOptions& wanted, TableMaker maker, std::size_t streams_of_group)
        : options(wanted),
          network(std::move(maker)),
          group_streams(std::max<std::size_t>(streams_of_group, 1)) {}

    // One byte of a stream. `frequencies` [V] or empty.
    Symbol mix(Coder& coder, std::size_t stream, std::span<const std::uint32_t> frequencies, Symbol known) {
        if (!frequencies.empty() && frequencies.size() < 256) {
            padded.assign(256, 1);
            std::copy(frequencies.begin(), frequencies.end(), padded.begin());
            frequencies = padded;
        }
        if (light) {
            return light->code(stream, frequencies, coder, known);
        }
        mixer->begin(stream, frequencies);
        struct Bits {
            ContextMixer& mixer;
            std::uint32_t predict() { return mixer.predict(); }
            void accept(bool bit) { mixer.accept(bit ? 1 : 0); }
        } bits{*mixer};
        return code_byte<kShareBits>(bits, coder, known);
    }

    MixingOptions options;
    DataForm form;
    TableMaker network;
    std::unique_ptr<TablePredictor> whole;  // a network of all streams instead
    FrequencyTable table;                   // [S, V] of it
    std::vector<Symbol> came;               // [S]
    std::size_t group_streams;
    // One of the two, by the set.
    std::optional<ContextMixer> mixer;
    std::optional<LightMixer> light;
    std::vector<std::unique_ptr<Group>> groups;
    Pipeline pipeline;
    std::vector<std::uint32_t> padded;  // [256] of a network with a smaller alphabet

    void make_groups(std::span<const std::size_t> lengths, std::size_t streams_of_group);
};

// Groups of about that many streams whose sizes differ by at most 1.
void MixingPredictor::State::make_groups(std::span<const std::size_t> lengths, std::size_t streams_of_group) {
    const std::size_t count = (lengths.size() + streams_of_group - 1) / streams_of_group;
    groups.clear();
    for (std::size_t i = 0; i < count; ++i) {
        auto group = std::make_unique<Group>();
        group->first = i * lengths.size() / count;
        group->count = (i + 1) * lengths.size() / count - group->first;
        const auto own = lengths.subspan(group->first, group->count);
        group->longest = *std::max_element(own.begin(), own.end());
        group->network = network();
        group->network->begin(own);
        group->came.resize(group->count);
        groups.push_back(std::move(group));
    }
}

MixingPredictor::MixingPredictor(const MixingOptions& options, TableMaker network, std::size_t group_streams)
    : state_(std::make_unique<State>(options, std::move(network), group_streams)) {}
MixingPredictor::MixingPredictor(const MixingOptions& options, std::unique_ptr<TablePredictor> whole)
    : state_(std::make_unique<State>(options, TableMaker(), 1)) {
    state_->whole = std::move(whole);
}
MixingPredictor::~MixingPredictor() = default;

void MixingPredictor::set_form(const DataForm& form) {
    validate(form);
    state_->form = form;
}

void MixingPredictor::begin_streams() {
    State& s = *state_;
    BITLAW_ASSERT(streams() <= kMaxMixingStreams);
    if (!s.mixer && !s.light) {
        const ContextMixerSetup setup{.set = s.options.set,
                                      .experts = s.options.experts,
                                      .streams = kMaxMixingStreams,
                                      .bytes = static_cast<std::size_t>(s.options.bytes),
                                      .memory = static_cast<std::size_t>(s.options.memory),
                                      .external = s.network || s.whole};
        if (setup.set == ExpertSet::fast) {
            s.light.emplace(setup);
        } else {
            s.mixer.emplace(setup);
        }
    }
    if (s.light) {
        s.light->start(lengths());
    } else {
        s.mixer->start(lengths(), s.form);
    }
    s.groups.clear();
    if (s.whole) {
        s.whole->begin(lengths());
    }
}

void MixingPredictor::step_streams(std::span<Coder* const> coders, std::span<Symbol> symbols, std::size_t n) {
    State& s = *state_;
    if (s.whole) {
        step_whole(coders, symbols, n);
        return;
    }
    if (!s.network) {
        each_running(n, [&](std::size_t stream, std::size_t i) {
            Symbol& symbol = symbols[stream * n + i];
            symbol = s.mix(*coders[stream], stream, {}, symbol);
        });
        advance(n);
        return;
    }
    if (s.groups.empty()) {
        // With several threads at least two groups, so that one is in the network while another is mixed.
        const std::size_t most = thread_count() > 1 ? std::max<std::size_t>(streams() / 2, 1) : streams();
        s.make_groups(lengths(), std::min(s.group_streams, most));
    }
    const std::size_t count = s.groups.size();
    for (const auto& group : s.groups) {
        group->ready.store(0);
    }
    const auto left_of = [&](const Group& group) {
        return std::min(n, group.longest - std::min(group.longest, position()));
    };
    // Turn t: position t / count of group t mod count.
    const auto try_mix = [&](std::size_t turn) {
        Group& group = *s.groups[turn % count];
        const std::size_t i = turn / count;
        if (i >= left_of(group)) {
            return true;
        }
        if (group.ready.load(std::memory_order_acquire) <= i) {
            return false;
        }
        for (std::size_t k = 0; k < group.count; ++k) {
            const std::size_t stream = group.first + k;
            if (running(stream, i)) {
                Symbol& symbol = symbols[stream * n + i];
                symbol = group.came[k] = s.mix(*coders[stream], stream, group.table.row(k), symbol);
            }
        }
        return true;
    };
    const auto try_predict = [&]() {
        const std::size_t turn = s.pipeline.turn();
        for (std::size_t offset = 0; offset < count; ++offset) {
            const std::size_t index = (turn + offset) % count;
            Group& group = *s.groups[index];
            const Taken taken(group);
            if (!taken) {
                continue;
            }
            const std::size_t done = group.ready.load(std::memory_order_relaxed);
            const std::size_t mixed =
                s.pipeline.turn() > index ? (s.pipeline.turn() - index - 1) / count + 1 : 0;
            if (done < left_of(group) && mixed == done) {
                if (position() + done > 0) {
                    group.network->accept(group.came);
                }
                group.network->predict(group.table);
                group.ready.store(done + 1, std::memory_order_release);
                return true;
            }
        }
        return false;
    };
    s.pipeline.run(n * count, try_mix, try_predict);
    advance(n);
}

void MixingPredictor::step_whole(std::span<Coder* const> coders, std::span<Symbol> symbols, std::size_t n) {
    State& s = *state_;
    s.came.resize(streams());
    for (std::size_t i = 0; i < n; ++i) {
        s.whole->predict(s.table);
        for (std::size_t stream = 0; stream < streams(); ++stream) {
            if (running(stream)) {
                Symbol& symbol = symbols[stream * n + i];
                symbol = s.came[stream] = s.mix(*coders[stream], stream, s.table.row(stream), symbol);
            }
        }
        s.whole->accept(s.came);
        advance(1);
    }
}

void MixingPredictor::score_streams(std::span<Coder* const> coders, std::span<const Symbol> symbols,
                                    std::size_t n) {
    State& s = *state_;
    if (s.whole) {
        s.whole->score(symbols,
                       [&](std::size_t stream, std::span<const std::uint32_t> frequency, Symbol symbol) {
                           (void)s.mix(*coders[stream], stream, frequency, symbol);
                       });
        advance(n);
        return;
    }
    if (!s.network) {
        each_running(n, [&](std::size_t stream, std::size_t i) {
            (void)s.mix(*coders[stream], stream, {}, symbols[stream * n + i]);
        });
        advance(n);
        return;
    }
    if (s.groups.empty()) {
        s.make_groups(lengths(), 1);
    }
    const std::size_t pieces = (n + kScorePositions - 1) / kScorePositions;
    const std::size_t width = s.groups[0]->network->alphabet();
    for (const auto& group : s.groups) {
        group->ready.store(0);
    }
    // Turn t: piece t of all streams.
    const auto try_mix = [&](std::size_t turn) {
        for (const auto& group : s.groups) {
            if (group->ready.load(std::memory_order_acquire) <= turn) {
                return false;
            }
        }
        const std::size_t begin = turn * kScorePositions;
        for (std::size_t i = begin; i < std::min(n, begin + kScorePositions); ++i) {
            for (std::size_t stream = 0; stream < streams(); ++stream) {
                if (running(stream, i)) {
                    const auto table =
                        std::span<const std::uint32_t>(s.groups[stream]->scored[turn % kPieces])
                            .subspan((i - begin) * width, width);
                    (void)s.mix(*coders[stream], stream, table, symbols[stream * n + i]);
                }
            }
        }
        return true;
    };
    const auto try_predict = [&]() {
        for (std::size_t stream = 0; stream < s.groups.size(); ++stream) {
            Group& group = *s.groups[stream];
            const Taken taken(group);
            if (!taken) {
                continue;
            }
            const std::size_t piece = group.ready.load(std::memory_order_relaxed);
            if (piece == pieces || piece >= s.pipeline.turn() + kPieces) {
                continue;
            }
            const std::size_t begin = piece * kScorePositions;
            const std::size_t end = std::min(left(stream, n), begin + kScorePositions);
            if (begin < end) {
                std::vector<std::uint32_t>& tables = group.scored[piece % kPieces];
                tables.resize(kScorePositions * width);
                std::size_t row = 0;
                group.network->score(symbols.subspan(stream * n + begin, end - begin),
                                     [&](std::size_t, std::span<const std::uint32_t> frequency, Symbol) {
                                         std::copy(frequency.begin(), frequency.end(),
                                                   tables.begin() + static_cast<std::ptrdiff_t>(row * width));
                                         ++row;
                                     });
            }
            group.ready.store(piece + 1, std::memory_order_release);
            return true;
        }
        return false;
    };
    s.pipeline.run(pieces, try_mix, try_predict);
    advance(n);
}

}  // namespace bitlaw::predict
