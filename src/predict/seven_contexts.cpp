#include "bitlaw/predict/seven_contexts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace bitlaw::predict {

using namespace symbols;

namespace {

// Probabilities have 12 bits outside of the tables and 22 inside.
constexpr unsigned kBits = 12;
constexpr int kOne = 1 << kBits;
constexpr std::size_t kContexts = 7;
// One line holds the 15 nodes of a nibble's binary tree, and in front what tells contexts of one line apart.
constexpr std::size_t kLineSlots = 16;
constexpr unsigned kMinLineBits = 8;
constexpr unsigned kMaxLineBits = 16;

// 4096 / (1 + e^(-x / 256)) at x = -2047, -1919, ..., 2047, rounded.
constexpr std::array<int, 33> kLogistic{1,    2,    3,    6,    10,   16,   27,   45,   73,   120,  194,
                                        310,  488,  747,  1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785,
                                        3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094};

// The logistic function between them: -2047 .. 2047 to 1 .. 4094.
constexpr int squash(int x) {
    const int share = x & 127;
    const auto i = static_cast<std::size_t>((x >> 7) + 16);
    return (kLogistic[i] * (128 - share) + kLogistic[i + 1] * share + 64) >> 7;
}

// Its inverse: for each probability the least x that reaches it.
constexpr std::array<std::int16_t, kOne> make_stretch() {
    std::array<std::int16_t, kOne> table{};
    int next = 0;
    for (int x = -2047; x <= 2047; ++x) {
        for (const int p = squash(x); next <= p; ++next) {
            table[static_cast<std::size_t>(next)] = static_cast<std::int16_t>(x);
        }
    }
    std::fill(table.begin() + next, table.end(), std::int16_t{2047});
    return table;
}

constexpr std::array<std::int16_t, kOne> kStretch = make_stretch();

// Weights are in units of 2^-16 and start at 0.3.
constexpr std::int32_t kFirstWeight = 19660;
constexpr std::int32_t kMaxWeight = 1 << 24;
// The constant input, and how far an error moves the weights.
constexpr int kConstantInput = 256;
constexpr int kStep = 14;

// A bit's probability in the upper 22 bits, how often it was seen in the lower 10.
constexpr std::uint32_t kFresh = std::uint32_t{1} << 31;
constexpr std::uint32_t kMaxSeen = 255;

// 1 / (seen + 1.5) in units of 2^-16.
constexpr std::array<std::int32_t, kMaxSeen + 1> kSteps = [] {
    std::array<std::int32_t, kMaxSeen + 1> table{};
    for (std::size_t seen = 0; seen < table.size(); ++seen) {
        table[seen] = static_cast<std::int32_t>(65536 * 2 / (2 * seen + 3));
    }
    return table;
}();

// One step towards the bit.
void learn(std::uint32_t& slot, int bit) {
    const std::uint32_t seen = slot & 1023;
    const auto p = static_cast<std::int64_t>(slot >> 10);
    const std::int64_t target = bit != 0 ? (1 << 22) - 1 : 0;
    const auto moved = static_cast<std::uint32_t>(p + (target - p) * kSteps[seen] / 65536);
    slot = moved << 10 | std::min(seen + 1, kMaxSeen);
}

// Predicts the bits of a byte from the bytes before it, most significant first.
class BitMixture {
   public:
    // `bytes`: length of the stream, two nibbles a byte; a short one needs fewer lines, which take their time
    // to be cleared.
    explicit BitMixture(std::size_t bytes)
        : line_bits_(
              std::clamp(static_cast<unsigned>(std::bit_width(2 * bytes)), kMinLineBits, kMaxLineBits)),
          lines_(kContexts << line_bits_),
          weights_(256 * (kContexts + 1), kFirstWeight) {
        for (Line& line : lines_) {
            line.fill(kFresh);
            line[0] = 0;
        }
        find_lines();
    }

    // Shares of a one, 1 .. 4094 of 4096.
    std::uint32_t predict() {
        const std::int32_t* const weights = weights_.data() + node_ * (kContexts + 1);
        const std::size_t path = path_;
        Inputs inputs;
        std::int64_t sum = std::int64_t{weights[kContexts]} * kConstantInput;
        for (std::size_t i = 0; i < kContexts; ++i) {
            inputs[i] = kStretch[(*current_[i])[path] >> 20];
            sum += std::int64_t{weights[i]} * inputs[i];
        }
        inputs[kContexts] = kConstantInput;
        inputs_ = inputs;
        probability_ = squash(static_cast<int>(std::clamp<std::int64_t>(sum / 65536, -2047, 2047)));
        return static_cast<std::uint32_t>(probability_);
    }

    void accept(bool one) {
        const int bit = one ? 1 : 0;
        // Copies, since for all that the compiler knows the tables may lie over what they are copies of.
        const Inputs inputs = inputs_;
        const std::size_t path = path_;
        std::int32_t* const weights = weights_.data() + node_ * (kContexts + 1);
        const int error = (bit * (kOne - 1) - probability_) * kStep;
        for (std::size_t i = 0; i <= kContexts; ++i) {
            weights[i] = std::clamp(weights[i] + inputs[i] * error / 65536, -kMaxWeight, kMaxWeight);
        }
        for (std::size_t i = 0; i < kContexts; ++i) {
            learn((*current_[i])[path], bit);
        }
        node_ = 2 * node_ + static_cast<std::size_t>(bit);
        path_ = 2 * path + static_cast<std::size_t>(bit);
        if (node_ >= 256) {
            history_ = history_ << 8 | (node_ & 255);
            node_ = 1;
            find_lines();
        } else if (path_ >= kLineSlots) {
            find_lines();
        }
    }

   private:
    using Line = std::array<std::uint32_t, kLineSlots>;
    using Inputs = std::array<int, kContexts + 1>;

    // The bytes that each context sees: the last 1, 2, 3, 4 and 6; the second last; the fourth last, for
    // records of numbers.
    [[nodiscard]] std::uint64_t seen_by(std::size_t context) const {
        constexpr std::array<std::uint64_t, kContexts> masks{0xFF,           0xFFFF, 0xFFFFFF,  0xFFFFFFFF,
                                                             0xFFFFFFFFFFFF, 0xFF00, 0xFF000000};
        return history_ & masks[context];
    }

    void find_lines() {
        path_ = 1;
        for (std::size_t i = 0; i < kContexts; ++i) {
            std::uint64_t hash = (seen_by(i) + 1) * 0x9E3779B97F4A7C15;
            hash = (hash ^ hash >> 29 ^ node_ << 8 ^ i) * 0xBF58476D1CE4E5B9;
            hash ^= hash >> 32;
            Line& line = lines_[(i << line_bits_) + (hash & ((std::uint64_t{1} << line_bits_) - 1))];
            const auto tag = static_cast<std::uint32_t>(hash >> 16) | 1;
            if (line[0] != tag) {
                line.fill(kFresh);
                line[0] = tag;
            }
            current_[i] = &line;
        }
    }

    unsigned line_bits_;
    std::vector<Line> lines_;            // [contexts, 2^line_bits]
    std::vector<std::int32_t> weights_;  // [256 nodes, contexts and a constant], in units of 2^-16
    std::array<Line*, kContexts> current_{};
    Inputs inputs_{};
    std::uint64_t history_ = 0;  // the last eight bytes
    std::size_t node_ = 1;       // the bits of this byte so far, with a one in front
    std::size_t path_ = 1;       // those of this nibble
    int probability_ = kOne / 2;
};

}  // namespace

struct SevenContexts::State {
    std::vector<BitMixture> streams;
};

SevenContexts::SevenContexts() : state_(std::make_unique<State>()) {}
SevenContexts::~SevenContexts() = default;

void SevenContexts::begin_streams() {
    state_->streams.clear();
    state_->streams.reserve(streams());
    for (const std::size_t bytes : lengths()) {
        state_->streams.emplace_back(bytes);
    }
}

void SevenContexts::step_streams(std::span<Coder* const> coders, std::span<Symbol> symbols, std::size_t n) {
    each_running(n, [&](std::size_t stream, std::size_t i) {
        Symbol& symbol = symbols[stream * n + i];
        symbol = code_byte<kBits>(state_->streams[stream], *coders[stream], symbol);
    });
    advance(n);
}

void SevenContexts::score_streams(std::span<Coder* const> coders, std::span<const Symbol> symbols,
                                  std::size_t n) {
    each_running(n, [&](std::size_t stream, std::size_t i) {
        (void)code_byte<kBits>(state_->streams[stream], *coders[stream], symbols[stream * n + i]);
    });
    advance(n);
}

PredictorMaker seven_context_predictors() {
    return {.make = [] { return std::make_unique<SevenContexts>(); },
            .alphabet = 256,
            .independent = true,
            .group_streams = 1,
            .stream_bytes = sizeof(std::uint32_t) * kLineSlots * (kContexts << kMaxLineBits)};
}

}  // namespace bitlaw::predict
