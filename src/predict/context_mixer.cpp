#include "bitlaw/predict/context_mixer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/context_bank.hpp"
#include "bitlaw/predict/experts/bitmap.hpp"
#include "bitlaw/predict/experts/direct.hpp"
#include "bitlaw/predict/experts/indirect.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "byte_contexts.hpp"
#include "expert_choice.hpp"
#include "mixed_stream.hpp"
#include "refinements.hpp"
#include "weight_sets.hpp"

namespace bitlaw::predict {
namespace {

// Bytes that a match is found by.
constexpr unsigned kLongMatch = 7;
constexpr unsigned kShortMatch = 5;

// Shares of the memory: 3/4 for slots, 1/8 for the direct probabilities, 1/16 for either match. A byte
// touches two slots of each of about 22 contexts; half of that is enough, since most are known.
std::size_t slot_bytes(const ContextMixerSetup& setup) {
    const std::size_t wanted = std::max<std::size_t>(setup.bytes, 64) * 22 * kLineBytes / kSlotsOfLine * 2;
    return std::min(wanted, setup.memory / 4 * 3);
}

std::size_t match_entries(const ContextMixerSetup& setup) {
    return std::min(std::bit_ceil(std::max<std::size_t>(setup.bytes, 64)),
                    std::bit_floor(setup.memory / 16 / sizeof(std::uint32_t)));
}

}  // namespace

struct ContextMixer::Parts {
    explicit Parts(const ContextMixerSetup& setup)
        : choice(setup.set, setup.experts, setup.external),
          history(setup.bytes + 1),
          bank(slot_bytes(setup)),
          long_finder(match_entries(setup), choice.full ? kLongMatch : kShortMatch),
          refinements(choice.has(Expert::refinement)),
          streams(setup.streams) {
        BITLAW_ASSERT(setup.streams >= 1);
        if (choice.has(Expert::direct)) {
            direct = std::make_unique<Direct>(setup.bytes, setup.memory / 8);
        }
        if (choice.has(Expert::match) && choice.full) {
            short_finder = std::make_unique<MatchFinder>(match_entries(setup), kShortMatch);
        }
    }

    // ---- bytes

    void start(std::span<const std::size_t> lengths, const DataForm& form) {
        BITLAW_ASSERT(lengths.size() <= streams.size());
        choice.set_form(form);
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            MixedStream& s = streams[i];
            s = MixedStream{};
            s.cursor.list.set_stream(i);
            s.likely_cursor.list.set_stream(i);
            s.short_match.set_stream(i);
            s.past = Past{&history, next_place, next_place, 0};
            next_place += static_cast<std::uint32_t>(lengths[i]);
            if (choice.sampled()) {
                s.samples = std::make_unique<Samples>(choice.form);
            }
            prepare(s);
        }
        if (choice.family == Family::binary && choice.has(Expert::bitmap) && !bitmap) {
            bitmap = std::make_unique<Bitmap>();
        }
        std::unique_ptr<Mixer>& own = mixers[static_cast<std::size_t>(choice.family)];
        if (!own && !lengths.empty()) {
            own = std::make_unique<Mixer>(mixer_shape(choice, streams[0].cursor.list.size()));
        }
        mixer = own.get();
    }

    // The contexts of the stream's next byte.
    void prepare(MixedStream& s) {
        if (s.likely_cursor.list.size() != 0 && s.likely_byte == (s.past.last & 0xFF)) {
            s.cursor = s.likely_cursor;
            s.likely_cursor.list.clear();
            return;
        }
        s.likely_cursor.list.clear();
        s.cursor.list.clear();
        s.cursor.fetched = 0;
        if (choice.full) {
            add_full_contexts(choice, indirect, s);
        } else {
            add_fast_contexts(choice, s.past, s.words, s.cursor.list);
        }
        bank.fetch(s.cursor);
        if (direct) {
            direct->prefetch(s.past, 0);
        }
    }

    // Before the last bit of a nibble: most bits are what they are expected to be, and what follows them has
    // a longer way if it is fetched now.
    void look_ahead(MixedStream& s, std::uint32_t next) {
        if (next < 256) {
            bank.fetch_second(next);
            if (direct) {
                direct->prefetch(s.past, next);
            }
        } else if (!choice.full) {
            s.likely_byte = static_cast<std::uint8_t>(next);
            Past past = s.past;
            past.last = past.last << 8 | s.likely_byte;
            ++past.place;
            Words words = s.words;
            words.accept(s.likely_byte);
            s.likely_cursor.list.clear();
            s.likely_cursor.fetched = 0;
            add_fast_contexts(choice, past, words, s.likely_cursor.list);
            bank.fetch(s.likely_cursor);
        }
    }

    void begin(std::size_t which, std::span<const std::uint32_t> frequencies) {
        stream = &streams[which];
        if (choice.external) {
            stream->external.set(frequencies);
            add_external_contexts(choice, *stream);
            bank.fetch(stream->cursor);
        }
        if (choice.has(Expert::match)) {
            long_finder.look(stream->long_match, stream->past);
        }
        if (short_finder) {
            short_finder->look(stream->short_match, stream->past);
        }
        bank.begin(stream->cursor);
        if (direct) {
            direct->find(stream->past, 0);
        }
        node = 1;
        path = 1;
    }

    // Everything that the byte itself says, and the contexts of the next one.
    void take_byte(std::uint8_t byte) {
        MixedStream& s = *stream;
        history.set(s.past.place++, byte);
        s.past.last = s.past.last << 8 | byte;
        s.words.accept(byte);
        if (choice.full) {
            s.lines.accept(s.past);
            indirect.accept(s.past);
        }
        long_finder.accept(s.long_match, s.past);
        if (short_finder) {
            short_finder->accept(s.short_match, s.past);
        }
        if (s.samples) {
            s.samples->accept(s.past);
        }
        prepare(s);
    }

    // ---- bits

    std::uint32_t predict() {
        MixedStream& s = *stream;
        std::size_t n = 0;
        refinements.prefetch(s.past.last, node);
        bank.predict(node, path, *mixer, n);
        n += s.cursor.list.size() * kInputsOfContext;
        mixer->set(n++, 1 << kOddsBits);
        if (direct) {
            direct->predict(s.past, node, path, *mixer, n);
            n += Direct::kInputs;
        }
        BitPlace place{.node = node};
        if (choice.has(Expert::match)) {
            place.matched = long_finder.predict(s.long_match, node, *mixer, n);
            n += MatchFinder::kInputs;
        }
        if (short_finder) {
            place.short_matched = short_finder->predict(s.short_match, node, *mixer, n);
            n += MatchFinder::kInputs;
        }
        if (choice.external) {
            s.external.predict(node, *mixer, n);
            n += External::kInputs;
        }
        if (bitmap && choice.family == Family::binary) {
            bitmap->predict(s.past, choice.form.width, node, *mixer, n);
        } else if (choice.sampled()) {
            s.samples->predict(*mixer, n, choice.has(Expert::samples));
        }
        choose_weights(choice, s, place, bank, *mixer);
        const std::int32_t fine = mixer->predict();
        mixed = probability_of(fine);
        const std::uint32_t p = refinements.predict(fine, mixed, s.past.last, node, [&]() {
            return choice.sampled()  ? s.samples->error_class() / 2
                   : choice.external ? s.external.odds_class()
                                     : std::min(place.matched / 2, 15U) * 2 + (place.matched & 1);
        });
        if (path >= 8) {
            look_ahead(s, node * 2 + (p >> 31));
        }
        return p;
    }

    // What comes next is fetched from memory first; while it is on its way everybody learns.
    void accept(int bit) {
        MixedStream& s = *stream;
        const std::uint32_t next = node * 2 + static_cast<std::uint32_t>(bit);
        const std::uint32_t bit_path = path;
        path = path * 2 + static_cast<std::uint32_t>(bit);
        const bool byte_ends = next >= 256;
        const bool nibble_ends = path >= 16;
        if (s.samples) {
            s.samples->accept_bit(bit);
        }
        if (byte_ends) {
            take_byte(static_cast<std::uint8_t>(next));
        } else if (nibble_ends) {
            bank.fetch_second(next);
            if (direct) {
                direct->prefetch(s.past, next);
            }
        }
        mixer->update(bit, mixed);
        refinements.accept(bit);
        bank.accept(bit_path, bit);
        if (direct) {
            direct->accept(bit);
        }
        long_finder.accept_bit(bit);
        if (short_finder) {
            short_finder->accept_bit(bit);
        }
        if (bitmap && choice.family == Family::binary) {
            bitmap->accept(bit);
        }
        if (byte_ends) {
            bank.end_byte(static_cast<std::uint8_t>(next));
        } else if (nibble_ends) {
            bank.second(next);
            if (direct) {
                direct->find(s.past, next);
            }
            path = 1;
        }
        node = next;
    }

    ExpertChoice choice;
    History history;
    ContextBank bank;
    Indirect indirect;
    MatchFinder long_finder;
    std::unique_ptr<MatchFinder> short_finder;
    std::unique_ptr<Direct> direct;
    std::unique_ptr<Bitmap> bitmap;
    Refinements refinements;
    std::vector<MixedStream> streams;
    std::array<std::unique_ptr<Mixer>, kFamilies> mixers;
    std::uint32_t next_place = 1;  // place 0 means none

    Mixer* mixer = nullptr;
    MixedStream* stream = nullptr;
    std::uint32_t node = 1;  // the byte's bits so far with a one in front
    std::uint32_t path = 1;  // those of the nibble
    std::uint32_t mixed = 0;
};

ContextMixer::ContextMixer(const ContextMixerSetup& setup) : parts_(std::make_unique<Parts>(setup)) {}
ContextMixer::~ContextMixer() = default;
ContextMixer::ContextMixer(ContextMixer&&) noexcept = default;
ContextMixer& ContextMixer::operator=(ContextMixer&&) noexcept = default;

void ContextMixer::start(std::span<const std::size_t> lengths, const DataForm& form) {
    parts_->start(lengths, form);
}

void ContextMixer::begin(std::size_t stream, std::span<const std::uint32_t> frequencies) {
    parts_->begin(stream, frequencies);
}

std::uint32_t ContextMixer::predict() { return parts_->predict(); }

void ContextMixer::accept(int bit) { parts_->accept(bit); }

std::span<const char* const> ContextMixer::experts() { return expert_names(); }

std::uint64_t ContextMixer::experts_of(ExpertSet set) { return active_experts(set, ~std::uint64_t{0}); }

}  // namespace bitlaw::predict
