#include "bitlaw/coding/mixing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "bitlaw/entropy/range_coder.hpp"

namespace bitlaw::coding {

using namespace entropy;

namespace {

// Probabilities have 12 bits outside of the tables and 22 inside.
constexpr int kOne = 4096;
// How often progress is told: some 30 to 60 milliseconds.
constexpr std::size_t kToldBytes = 65536;
constexpr std::size_t kContexts = 7;
// One line holds the 15 nodes of a nibble's binary tree, and in front what tells contexts of one line apart.
constexpr std::size_t kLineSlots = 16;
constexpr unsigned kLeastLineBits = 8;
constexpr unsigned kMostLineBits = 16;

// 4096 / (1 + e^(-x / 256)) at x = -2047, -1919, ..., 2047, rounded.
constexpr std::array<int, 33> kLogistic{1,    2,    3,    6,    10,   16,   27,   45,   73,   120,  194,
                                        310,  488,  747,  1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785,
                                        3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094};

// The logistic function between them: -2047 .. 2047 to 1 .. 4094.
int squash(int x) {
    const int share = x & 127;
    const auto i = static_cast<std::size_t>((x >> 7) + 16);
    return (kLogistic[i] * (128 - share) + kLogistic[i + 1] * share + 64) >> 7;
}

// Its inverse: for each probability the least x that reaches it.
std::array<std::int16_t, kOne> make_stretch() {
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

int stretch(std::uint32_t p) {
    static const std::array<std::int16_t, kOne> table = make_stretch();
    return table[p];
}

// Weights are in units of 2^-16 and start at 0.3.
constexpr std::int32_t kFirstWeight = 19660;
constexpr std::int32_t kMostWeight = 1 << 24;
// The constant input, and how far an error moves the weights.
constexpr int kConstantInput = 256;
constexpr int kStep = 14;

// A bit's probability in the upper 22 bits, how often it was seen in the lower 10.
constexpr std::uint32_t kFresh = std::uint32_t{1} << 31;
constexpr std::uint32_t kMostSeen = 255;

// One step towards the bit, of 1 / (seen + 1.5).
void learn(std::uint32_t& slot, int bit) {
    static const std::array<std::int32_t, kMostSeen + 1> steps = [] {
        std::array<std::int32_t, kMostSeen + 1> table{};
        for (std::size_t seen = 0; seen < table.size(); ++seen) {
            table[seen] = static_cast<std::int32_t>(65536 * 2 / (2 * seen + 3));
        }
        return table;
    }();
    const std::uint32_t seen = slot & 1023;
    const auto p = static_cast<std::int64_t>(slot >> 10);
    const std::int64_t target = bit != 0 ? (1 << 22) - 1 : 0;
    const auto moved = static_cast<std::uint32_t>(p + (target - p) * steps[seen] / 65536);
    slot = moved << 10 | std::min(seen + 1, kMostSeen);
}

// Predicts the bits of a byte from the bytes before it, most significant first.
class Mixing {
   public:
    // `bytes`: length of the piece, two nibbles a byte; a short one needs fewer lines, which take their time
    // to be cleared.
    explicit Mixing(std::size_t bytes)
        : line_bits_(
              std::clamp(static_cast<unsigned>(std::bit_width(2 * bytes)), kLeastLineBits, kMostLineBits)),
          lines_(kContexts << line_bits_),
          weights_(256 * (kContexts + 1), kFirstWeight) {
        for (Line& line : lines_) {
            line.fill(kFresh);
            line[0] = 0;
        }
        find_lines();
    }

    // Probability of a one, 1 .. 4094 of 4096.
    int predict() {
        std::int64_t sum = 0;
        std::int32_t* const weights = weights_.data() + node_ * (kContexts + 1);
        for (std::size_t i = 0; i < kContexts; ++i) {
            inputs_[i] = stretch((*current_[i])[path_] >> 20);
            sum += std::int64_t{weights[i]} * inputs_[i];
        }
        inputs_[kContexts] = kConstantInput;
        sum += std::int64_t{weights[kContexts]} * kConstantInput;
        return probability_ = squash(static_cast<int>(std::clamp<std::int64_t>(sum / 65536, -2047, 2047)));
    }

    void accept(int bit) {
        std::int32_t* const weights = weights_.data() + node_ * (kContexts + 1);
        const int error = (bit * (kOne - 1) - probability_) * kStep;
        for (std::size_t i = 0; i <= kContexts; ++i) {
            weights[i] = std::clamp(weights[i] + inputs_[i] * error / 65536, -kMostWeight, kMostWeight);
        }
        for (std::size_t i = 0; i < kContexts; ++i) {
            learn((*current_[i])[path_], bit);
        }
        node_ = 2 * node_ + static_cast<std::size_t>(bit);
        path_ = 2 * path_ + static_cast<std::size_t>(bit);
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
    std::array<int, kContexts + 1> inputs_{};
    std::uint64_t history_ = 0;  // the last eight bytes
    std::size_t node_ = 1;       // the bits of this byte so far, with a one in front
    std::size_t path_ = 1;       // those of this nibble
    int probability_ = kOne / 2;
};

Interval interval_of_bit(int bit, int probability) {
    const auto p = static_cast<std::uint64_t>(probability);
    return bit != 0 ? Interval{0, p, kOne} : Interval{p, kOne - p, kOne};
}

// Tells of the progress of a piece every kToldBytes; false when the work shall end.
class Teller {
   public:
    explicit Teller(const MixedProgress& progress) : progress_(progress) {}
    [[nodiscard]] bool goes_on(std::size_t done, std::size_t payload) {
        if (!progress_ || done == 0 || done % kToldBytes != 0) {
            return true;
        }
        return progress_(kToldBytes, payload - std::exchange(told_, payload));
    }

   private:
    const MixedProgress& progress_;
    std::size_t told_ = 0;  // bytes of the payload
};

}  // namespace

std::size_t mixed_streams(std::size_t bytes) { return std::clamp<std::size_t>(bytes >> 21, 1, 8); }

Bytes encode_mixed(ByteSpan plain, const MixedProgress& progress) {
    Mixing mixing(plain.size());
    RangeEncoder coder;
    Teller teller(progress);
    for (std::size_t i = 0; i < plain.size() && teller.goes_on(i, coder.size()); ++i) {
        for (int shift = 7; shift >= 0; --shift) {
            const int bit = plain[i] >> shift & 1;
            coder.encode(interval_of_bit(bit, mixing.predict()));
            mixing.accept(bit);
        }
    }
    return coder.finish();
}

void decode_mixed(ByteSpan code, std::span<std::uint8_t> plain, const MixedProgress& progress) {
    Mixing mixing(plain.size());
    RangeDecoder coder(code);
    Teller teller(progress);
    for (std::size_t place = 0; place < plain.size() && teller.goes_on(place, coder.position()); ++place) {
        unsigned bits = 0;
        for (int i = 0; i < 8; ++i) {
            const int probability = mixing.predict();
            const int bit = coder.target(kOne) < static_cast<std::uint64_t>(probability) ? 1 : 0;
            coder.accept(interval_of_bit(bit, probability));
            mixing.accept(bit);
            bits = bits << 1 | static_cast<unsigned>(bit);
        }
        plain[place] = static_cast<std::uint8_t>(bits);
    }
}

}  // namespace bitlaw::coding
