#include "bitlaw/predict/context_mixer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/experts/external.hpp"
#include "bitlaw/predict/experts/match.hpp"
#include "bitlaw/predict/experts/orders.hpp"
#include "bitlaw/predict/experts/words.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/log_odds.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "bitlaw/predict/slots.hpp"

namespace bitlaw::predict {
namespace {

constexpr std::array<const char*, 3> kExperts{"orders", "words", "match"};
enum : unsigned { kOrders, kWords, kMatch };

constexpr std::uint32_t kSlowLimit = 1023;
constexpr std::uint32_t kLimit = 255;
constexpr std::size_t kMatchBuckets = 32;
// A probability p - 1/2 of 12 bits becomes an input of at most 1.5 bits.
constexpr int kFlatShare = 3;

// What belongs to one stream alone: what it has seen, and where its contexts' slots are.
struct Stream {
    Past past;
    Words words;
    Match match;
    External external;
    ContextList contexts;
    std::array<std::uint8_t*, kMaxContexts> slots{};
};

std::uint32_t length_bucket(std::uint32_t n) {
    if (n < 16) {
        return n;
    }
    const auto width = static_cast<std::uint32_t>(std::bit_width(n));
    return std::min<std::uint32_t>(16 + (width - 5) * 2 + (n >> (width - 2) & 1), kMatchBuckets - 1);
}

// Tables of a block: two nibbles of each byte in each context, as far as memory allows.
std::size_t slot_bytes(const ContextMixerSetup& setup) {
    const std::size_t wanted = std::max<std::size_t>(setup.bytes, 64) * 2 * kSlotBytes * 8;
    return std::min(wanted, setup.memory / 4 * 3);
}

}  // namespace

struct ContextMixer::Parts {
    explicit Parts(const ContextMixerSetup& wanted)
        : setup(wanted),
          history(setup.bytes + 1),
          match_table(std::min(std::max<std::size_t>(setup.bytes, 64), setup.memory / 64), 6),
          slots(slot_bytes(setup)),
          streams(setup.streams),
          order0(256, counted(32768)),
          order1(65536, counted(32768)) {
        BITLAW_ASSERT(setup.streams >= 1);
        fill_contexts(streams[0]);
        contexts = streams[0].contexts.size();
        for (std::size_t i = 0; i < contexts * 256; ++i) {
            const std::uint32_t zeros = histories.zeros[i & 255];
            const std::uint32_t ones = histories.ones[i & 255];
            maps.push_back(counted((2 * ones + 1) * 65535 / (2 * (zeros + ones) + 2)));
        }
        for (std::uint32_t i = 0; i < 2 * kMatchBuckets; ++i) {
            const std::uint32_t miss = 65535 / (i / 2 + 2);
            match_map.push_back(counted(i % 2 != 0 ? 65535 - miss : miss));
        }
        mixer = std::make_unique<Mixer>(
            MixerShape{contexts * 2 + 8, {2 * kMatchBuckets, 256, 256, 64, 64}, 256, 65536 * 3 / 10});
    }

    [[nodiscard]] bool has(unsigned expert) const { return (setup.experts >> expert & 1) != 0; }

    void fill_contexts(Stream& s) const {
        const bool full = setup.set == ExpertSet::full;
        s.contexts.clear();
        if (has(kOrders)) {
            add_orders(s.past, full ? 0b111111 : 0b1111, s.contexts);
        }
        if (has(kWords)) {
            s.words.add_contexts(s.past, full, s.contexts);
        }
    }

    // Finds the slots of a nibble; `before`: the nibble before it with a one in front, or 0.
    void find_slots(std::uint64_t before) {
        const std::uint64_t salt = before * 0x9E3779B97F4A7C15;
        for (std::size_t i = 0; i < contexts; ++i) {
            slots.prefetch(stream->contexts[i] + salt);
        }
        for (std::size_t i = 0; i < contexts; ++i) {
            stream->slots[i] = slots.find(stream->contexts[i] + salt);
        }
        path = 1;
    }

    void begin(std::size_t which, std::span<const std::uint32_t> frequencies) {
        stream = &streams[which];
        if (setup.external) {
            stream->external.set(frequencies);
        }
        node = 1;
        fill_contexts(*stream);
        find_slots(0);
    }

    // Both forms of a probability of 12 bits.
    void add(std::size_t& n, std::uint32_t share) {
        mixer->set(n++, odds.odds[share]);
        mixer->set(n++, (static_cast<std::int32_t>(share) - 2048) * kFlatShare >> 4);
    }

    std::uint32_t predict() {
        const Stream& s = *stream;
        const auto left = static_cast<std::uint32_t>(9 - std::bit_width(node));  // bits of the byte to come
        std::size_t n = 0;
        std::uint32_t hits = 0;
        for (std::size_t i = 0; i < contexts; ++i) {
            const std::uint8_t state = s.slots[i][path];
            if (state == 0) {
                mixer->set(n++, 0);
                mixer->set(n++, 0);
            } else {
                add(n, p12(maps[i * 256 + state]));
                hits += i < 7;
            }
        }
        mixer->set(n++, odds.odds[p12(order0[node])]);
        add(n, p12(order1[(s.past.last & 255) << 8 | node]));
        std::uint32_t match_state = 0;
        match_slot = nullptr;
        if (has(kMatch) && s.match.length() > 0 && (s.match.expected() | 256U) >> left == node) {
            match_state = length_bucket(s.match.length()) * 2 + (s.match.expected() >> (left - 1) & 1U);
            match_slot = &match_map[match_state];
            add(n, p12(*match_slot));
        } else {
            mixer->set(n++, 0);
            mixer->set(n++, 0);
        }
        mixer->set(n++, s.external.speaks() ? s.external.odds(node) : 0);
        mixer->set(n++, 1 << kOddsBits);
        mixer->choose(0, match_state);
        mixer->choose(1, node);
        mixer->choose(2, s.past.last & 255);
        mixer->choose(3, hits * 8 + left - 1);
        mixer->choose(4, s.external.doubt() * 8 + left - 1);
        mixer->choose(5, node);
        return p = probability_of(mixer->predict());
    }

    void accept(int bit) {
        Stream& s = *stream;
        mixer->update(bit, p);
        for (std::size_t i = 0; i < contexts; ++i) {
            std::uint8_t& state = s.slots[i][path];
            learn(maps[i * 256 + state], bit, kLimit, steps);
            state = histories.next[state][static_cast<std::size_t>(bit)];
        }
        learn(order0[node], bit, kLimit, steps);
        learn(order1[(s.past.last & 255) << 8 | node], bit, kLimit, steps);
        if (match_slot != nullptr) {
            learn(*match_slot, bit, kSlowLimit, steps);
        }
        node = node * 2 + static_cast<std::uint32_t>(bit);
        path = path * 2 + static_cast<std::uint32_t>(bit);
        if (node >= 256) {
            end_byte(static_cast<std::uint8_t>(node));
        } else if (path >= 16) {
            find_slots(node);
        }
    }

    void end_byte(std::uint8_t byte) {
        Stream& s = *stream;
        history.set(s.past.place++, byte);
        s.past.last = s.past.last << 8 | byte;
        s.words.accept(byte);
        s.match.next(s.past, match_table);
    }

    ContextMixerSetup setup;
    const OddsTables& odds = odds_tables();
    const BitHistories& histories = bit_histories();
    const CountedSteps& steps = counted_steps();
    History history;
    MatchTable match_table;
    SlotTable slots;
    std::vector<Stream> streams;
    std::size_t contexts = 0;
    std::vector<Counted> maps;       // [contexts, 256 states]
    std::vector<Counted> order0;     // [256 nodes]
    std::vector<Counted> order1;     // [256 bytes, 256 nodes]
    std::vector<Counted> match_map;  // [buckets of length, expected bit]
    std::unique_ptr<Mixer> mixer;
    std::uint32_t next_place = 1;  // place 0 means none

    Stream* stream = nullptr;
    std::uint32_t node = 1;  // the byte's bits so far with a one in front
    std::uint32_t path = 1;  // those of the nibble
    std::uint32_t p = 0;
    Counted* match_slot = nullptr;
};

ContextMixer::ContextMixer(const ContextMixerSetup& setup) : parts_(std::make_unique<Parts>(setup)) {}
ContextMixer::~ContextMixer() = default;
ContextMixer::ContextMixer(ContextMixer&&) noexcept = default;
ContextMixer& ContextMixer::operator=(ContextMixer&&) noexcept = default;

void ContextMixer::start(std::span<const std::size_t> lengths) {
    BITLAW_ASSERT(lengths.size() <= parts_->streams.size());
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        Stream& s = parts_->streams[i];
        s.past = Past{&parts_->history, parts_->next_place, parts_->next_place, 0};
        s.words.restart();
        s.match.restart();
        parts_->next_place += static_cast<std::uint32_t>(lengths[i]);
    }
}

void ContextMixer::begin(std::size_t stream, std::span<const std::uint32_t> frequencies) {
    parts_->begin(stream, frequencies);
}

std::uint32_t ContextMixer::predict() { return parts_->predict(); }

void ContextMixer::accept(int bit) { parts_->accept(bit); }

std::size_t ContextMixer::memory() const {
    const Parts& parts = *parts_;
    return parts.history.size() + parts.match_table.bytes() + parts.slots.bytes() + parts.mixer->bytes() +
           (parts.maps.size() + parts.order0.size() + parts.order1.size() + parts.match_map.size()) *
               sizeof(Counted) +
           parts.streams.size() * sizeof(Stream);
}

std::span<const char* const> ContextMixer::experts(ExpertSet) { return kExperts; }

}  // namespace bitlaw::predict
