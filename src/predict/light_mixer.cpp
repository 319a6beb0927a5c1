#include "bitlaw/predict/light_mixer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/light.hpp"
#include "bitlaw/predict/byte_lines.hpp"
#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/experts/external.hpp"
#include "bitlaw/predict/experts/quick_match.hpp"
#include "bitlaw/predict/experts/words.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/log_odds.hpp"
#include "bitlaw/predict/refinement.hpp"
#include "expert_choice.hpp"

namespace bitlaw::predict {
namespace {

using kernels::kLightContexts;
using kernels::kLightInputs;

// Contexts 0 and 1, the last one and two bytes, have tables of their own; those of the others are hashed.
constexpr std::size_t kDirect = 2;
constexpr std::size_t kHashed = kLightContexts - kDirect;
enum Context : std::size_t { kOrder3, kOrder4, kOrder6, kWord, kTwoWords, kHighNibbles };
constexpr std::array<Expert, kHashed> kOwner{Expert::orders, Expert::orders, Expert::orders,
                                             Expert::words,  Expert::words,  Expert::sparse};

// A direct context's 17 slots of 16 bytes: of the first nibble, and of the second after each first one.
constexpr std::size_t kNibbleBytes = 16;
constexpr std::size_t kDirectBytes = 17 * kNibbleBytes;
// Streams that have direct contexts of their own; further ones share with stream s mod 4.
constexpr std::size_t kQuarters = 4;

// Bytes of lines for each byte that comes: half of it makes text 0.7 % larger, nearly twice 0.3 % smaller.
constexpr std::size_t kBytesOfByte = kLineBytes / 4 * 3;

// Inputs that are no context's.
enum Other : std::size_t { kMatchOdds, kMatchLean, kBias, kNetworkOdds, kNetworkLean };
// Groups of weight sets, of each of which a bit has one: by the byte's bits so far; by the match; by the last
// byte; and by how many hashed contexts are known, with the number of bits so far.
constexpr std::size_t kNodes = 256;
constexpr std::size_t kOfMatch = kNodes;
constexpr std::size_t kOfLast = kOfMatch + kMatchStates;
constexpr std::size_t kOfKnown = kOfLast + 256;
constexpr std::size_t kRows = kOfKnown + (kHashed + 1) * 8;

// Weights in units of 2^-28, a quarter of a sum that is right from the start; beside a network, which knows
// something from the start, the others begin lower.
constexpr std::int32_t kFirstWeight = 9000 * 4096 / 4;
constexpr std::int32_t kBesideNetwork = 6000 * 4096 / 4;
constexpr std::int32_t kOfNetwork = 40000 * 4096 / 4;
// A step is rate / 2^14 of error times input, and falls with the bytes seen.
constexpr std::uint64_t kLastRate = 100;
constexpr std::uint64_t kFade = 1000 * 256;

std::size_t line_bytes(const ContextMixerSetup& setup) {
    return std::min(std::max<std::size_t>(setup.bytes, 64) * kBytesOfByte, setup.memory / 4 * 3);
}

std::size_t match_entries(const ContextMixerSetup& setup) {
    return std::min(std::bit_ceil(std::max<std::size_t>(setup.bytes, 64)),
                    std::bit_floor(setup.memory / 16 / sizeof(std::uint32_t)));
}

// Twice as many contexts of two bytes as there are bytes, at most all.
unsigned pair_bits(const ContextMixerSetup& setup) {
    return std::clamp<unsigned>(static_cast<unsigned>(std::bit_width(setup.bytes)) + 1, 8, 16);
}

// Shares of the less likely bit, by its log odds' size in steps of 2^8 fine units: half a step is 2^-7 bits,
// which costs less than 2^-17 bits.
constexpr unsigned kStepBits = 8;
constexpr std::size_t kSteps = (kMaxFineOdds >> kStepBits) + 1;

// A stream's contexts of one byte.
struct Cursor {
    std::array<std::uint8_t*, kDirect> direct;
    std::array<std::uint64_t, kHashed> hashes;
};

struct Stream {
    std::size_t number = 0;
    Past past;
    Words words;
    QuickMatch match;
    External external;
    Cursor cursor;
    // What cursor will be after the likely byte, if there is one.
    Cursor likely_cursor;
    std::uint32_t likely = kNone;

    static constexpr std::uint32_t kNone = 256;
};

}  // namespace

struct LightMixer::Parts {
    explicit Parts(const ContextMixerSetup& wanted)
        : experts(active_experts(ExpertSet::fast, wanted.experts)),
          complete(experts == active_experts(ExpertSet::fast, ~std::uint64_t{0})),
          external(wanted.external),
          history(wanted.bytes + 1),
          lines(line_bytes(wanted)),
          pair_shift(16 - pair_bits(wanted)),
          singles(kQuarters * 256 * kDirectBytes),
          pairs((std::size_t{1} << pair_bits(wanted)) * kDirectBytes),
          matches(match_entries(wanted)),
          refinement(65536),
          weights(kRows * kLightInputs, wanted.external ? kBesideNetwork : kFirstWeight),
          streams(wanted.streams) {
        BITLAW_ASSERT(wanted.streams >= 1);
        for (std::size_t state = 0; state < 256; ++state) {
            for (auto& map : lanes.maps) {
                map[state] = counted(histories.probability(state));
            }
        }
        for (std::size_t i = 0; i < kSteps; ++i) {
            const auto middle = static_cast<std::int32_t>(i << kStepBits | 1U << (kStepBits - 1));
            shares[i] = probability_of(std::max(-middle, -kMaxFineOdds));
        }
        for (std::size_t row = 0; row < kRows; ++row) {
            std::int32_t* const others = weights.data() + row * kLightInputs + kLightContexts;
            others[kBias] = 0;
            others[kNetworkOdds] = kOfNetwork;
        }
        lanes.others[kBias] = 1 << kOddsBits;
    }

    [[nodiscard]] bool has(Expert expert) const {
        return (experts >> static_cast<unsigned>(expert) & 1) != 0;
    }

    void start(std::span<const std::size_t> lengths) {
        BITLAW_ASSERT(lengths.size() <= streams.size());
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            Stream& s = streams[i];
            s = Stream{};
            s.number = i;
            s.past = Past{&history, next_place, next_place, 0};
            next_place += static_cast<std::uint32_t>(lengths[i]);
            s.cursor = after(s.number, s.past.last, s.words);
        }
    }

    // The contexts behind these bytes and words, whose lines are on their way.
    [[nodiscard]] Cursor after(std::size_t number, std::uint64_t last, const Words& words) {
        const std::size_t quarter = number % kQuarters;
        Cursor cursor;
        cursor.direct[0] = singles.data() + (quarter << 8 | (last & 0xFF)) * kDirectBytes;
        // Text has no high bits, so that streams seldom meet.
        const std::size_t pair = (last ^ (quarter & 1) << 7 ^ (quarter & 2) << 14) & 0xFFFF;
        cursor.direct[1] = pairs.data() + ((pair * 0x9E35 & 0xFFFF) >> pair_shift) * kDirectBytes;
        __builtin_prefetch(cursor.direct[1], 1);
        const std::uint64_t own = stream_salt(number);
        const std::uint64_t newest = last & 0xFF;
        cursor.hashes[kOrder3] = context_hash(kOrder3, (last & 0xFFFFFF) + own);
        cursor.hashes[kOrder4] = context_hash(kOrder4, last & 0xFFFFFFFF);
        cursor.hashes[kOrder6] = context_hash(kOrder6, last & 0xFFFFFFFFFFFF);
        cursor.hashes[kWord] = context_hash(kWord, joined(words.word(), newest) + own);
        cursor.hashes[kTwoWords] = context_hash(kTwoWords, joined(words.word(), words.before(), newest));
        cursor.hashes[kHighNibbles] = context_hash(kHighNibbles, last & 0xF0F0F0F0FF);
        for (const std::uint64_t hash : cursor.hashes) {
            lines.prefetch(hash);
        }
        return cursor;
    }

    // Most bits are what they are expected to be, and what follows them has a longer way if it is fetched
    // now.
    void look_ahead(std::uint32_t byte) {
        Stream& s = *stream;
        if (s.likely == byte) {
            return;
        }
        s.likely = byte;
        const std::uint64_t last = s.past.last << 8 | byte;
        Words words = s.words;
        words.accept(static_cast<std::uint8_t>(byte));
        matches.prefetch(last);
        s.likely_cursor = after(s.number, last, words);
    }

    // The likely bit at this place of the nibble, by the longest of orders 1 to 4 that has seen it.
    [[nodiscard]] std::uint32_t likely_bit(std::uint32_t place) const {
        std::size_t i = kDirect + kOrder4;
        while (i > 0 && lanes.slots[i][place] == 0) {
            --i;
        }
        return lanes.maps[i][lanes.slots[i][place]] >> 31;
    }

    void begin(Stream& s, std::span<const std::uint32_t> frequencies) {
        stream = &s;
        if (external) {
            s.external.set(frequencies);
        }
        for (std::size_t i = 0; i < kHashed; ++i) {
            found[i] = lines.find(s.cursor.hashes[i]);
        }
        for (std::size_t i = 0; i < kHashed; ++i) {
            lanes.slots[kDirect + i] = ByteLines::first(found[i]);
        }
        known = 0;
        for (std::size_t i = 0; i < kHashed; ++i) {
            known += found[i]->histories[0] != 0 ? 1 : 0;
        }
        std::copy_n(s.cursor.direct.begin(), kDirect, lanes.slots);
        leave_out();
        if (has(Expert::match)) {
            matches.begin(s.match, s.past);
        }
        rate = static_cast<std::int32_t>(kLastRate + kFade / (256 + bytes++ / 8));
        node = 1;
        path = 1;
    }

    void begin_second() {
        const std::uint32_t nibble = node & 15;
        for (std::size_t i = 0; i < kDirect; ++i) {
            lanes.slots[i] = stream->cursor.direct[i] + (1 + nibble) * kNibbleBytes;
        }
        for (std::size_t i = 0; i < kHashed; ++i) {
            lanes.slots[kDirect + i] = lines.second(found[i], nibble);
        }
        leave_out();
        path = 1;
    }

    // Contexts of experts that do not take part see an empty slot.
    void leave_out() {
        if (complete) {
            return;
        }
        blank = {};
        for (std::size_t i = 0; i < kLightContexts; ++i) {
            if (!has(i < kDirect ? Expert::orders : kOwner[i - kDirect])) {
                lanes.slots[i] = blank.data();
            }
        }
    }

    std::uint32_t predict() {
        Stream& s = *stream;
        const std::uint32_t last = s.past.last & 0xFF;
        const MatchOpinion match = matches.opinion(s.match, node);
        lanes.others[kMatchOdds] = match.odds;
        lanes.others[kMatchLean] = match.lean;
        if (external) {
            const External::Opinion network = s.external.opinion(node);
            lanes.others[kNetworkOdds] = network.odds;
            lanes.others[kNetworkLean] = network.lean;
        }
        const auto done = static_cast<std::uint32_t>(std::bit_width(node) - 1);
        lanes.weights[0] = row(node);
        lanes.weights[1] = row(kOfMatch + match.state);
        lanes.weights[2] = row(kOfLast + last);
        lanes.weights[3] = row(kOfKnown + known * 8 + done);
        const std::int32_t fine =
            std::clamp(loops.look(lanes, path, odds.odds.data()), -kMaxFineOdds, kMaxFineOdds);
        mixed = probability(fine);
        std::uint32_t p = mixed;
        refined = has(Expert::refinement) && Refinement::reaches(fine);
        if (refined) {
            const std::uint64_t one = refinement.predict(fine, last << 8 | node);
            p = static_cast<std::uint32_t>(
                std::clamp<std::uint64_t>((mixed + (one << 16)) / 2, 64, 0xFFFFFFFF - 63));
        }
        if (node >= 64) {
            const std::uint32_t next = node * 2 + (p >> 31);
            look_ahead((node >= 128 ? next : next * 2 + likely_bit(path * 2 + (p >> 31))) & 0xFF);
        }
        return p;
    }

    void accept(bool bit) {
        const int one = bit ? 1 : 0;
        const std::int32_t error = (one << 16) - static_cast<std::int32_t>(mixed >> 16);
        loops.learn(lanes, path, one, histories.next[bit ? 1 : 0].data(), (error * rate + (1 << 13)) >> 14);
        matches.accept_bit(one);
        if (refined) {
            refinement.accept(one);
        }
        node = node * 2 + static_cast<std::uint32_t>(one);
        path = path * 2 + static_cast<std::uint32_t>(one);
        if (path >= 16 && node < 256) {
            begin_second();
        }
    }

    // The byte that came, and the contexts of the next one.
    void end() {
        Stream& s = *stream;
        const auto byte = static_cast<std::uint8_t>(node);
        history.set(s.past.place++, byte);
        s.past.last = s.past.last << 8 | byte;
        s.words.accept(byte);
        matches.accept(s.match, s.past);
        s.cursor = s.likely == byte ? s.likely_cursor : after(s.number, s.past.last, s.words);
        s.likely = Stream::kNone;
    }

    // Of log odds cut to units of 2^-kStepBits.
    [[nodiscard]] std::uint32_t probability(std::int32_t fine) const {
        const auto size = static_cast<std::uint32_t>(fine < 0 ? -fine : fine);
        const std::uint32_t smaller = shares[size >> kStepBits];
        return fine < 0 ? smaller : 0 - smaller;
    }

    [[nodiscard]] std::int32_t* row(std::size_t i) { return weights.data() + i * kLightInputs; }

    std::uint64_t experts;
    bool complete;  // no expert is left out
    bool external;
    const OddsTables& odds = odds_tables();
    const BitHistories& histories = bit_histories();
    const kernels::LightKernels& loops = kernels::light_kernels();
    kernels::LightLanes lanes;
    std::array<std::uint32_t, kSteps> shares;
    History history;
    ByteLines lines;
    unsigned pair_shift;
    std::vector<std::uint8_t> singles;  // [quarters, 256, 17 slots]
    LargePages pairs;                   // [2^16 >> pair_shift, 17 slots]
    QuickMatches matches;
    Refinement refinement;                                              // by the last byte and the node
    std::vector<std::int32_t, AlignedAllocator<std::int32_t>> weights;  // [rows, inputs], 2^28 is 1
    std::vector<Stream> streams;
    std::uint32_t next_place = 1;  // place 0 means none
    std::uint64_t bytes = 0;

    // Of the byte that is being coded.
    Stream* stream = nullptr;
    std::array<ByteLine*, kHashed> found{};
    std::array<std::uint8_t, kNibbleBytes> blank{};
    std::int32_t rate = 0;
    std::uint32_t known = 0;  // hashed contexts that have seen something
    std::uint32_t node = 1;   // the byte's bits so far with a one in front
    std::uint32_t path = 1;   // those of the nibble
    std::uint32_t mixed = 0;
    bool refined = false;
};

LightMixer::LightMixer(const ContextMixerSetup& setup) : parts_(std::make_unique<Parts>(setup)) {}
LightMixer::~LightMixer() = default;
LightMixer::LightMixer(LightMixer&&) noexcept = default;
LightMixer& LightMixer::operator=(LightMixer&&) noexcept = default;

void LightMixer::start(std::span<const std::size_t> lengths) { parts_->start(lengths); }

symbols::Symbol LightMixer::code(std::size_t stream, std::span<const std::uint32_t> frequencies, Coder& coder,
                                 symbols::Symbol known) {
    constexpr unsigned kShareBits = 32;
    Parts& parts = *parts_;
    parts.begin(parts.streams[stream], frequencies);
    const symbols::Symbol byte = code_byte<kShareBits>(parts, coder, known);
    parts.end();
    return byte;
}

}  // namespace bitlaw::predict
