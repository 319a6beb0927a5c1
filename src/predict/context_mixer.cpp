#include "bitlaw/predict/context_mixer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/context_bank.hpp"
#include "bitlaw/predict/experts/bitmap.hpp"
#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/experts/direct.hpp"
#include "bitlaw/predict/experts/external.hpp"
#include "bitlaw/predict/experts/indirect.hpp"
#include "bitlaw/predict/experts/lines.hpp"
#include "bitlaw/predict/experts/match.hpp"
#include "bitlaw/predict/experts/orders.hpp"
#include "bitlaw/predict/experts/records.hpp"
#include "bitlaw/predict/experts/samples.hpp"
#include "bitlaw/predict/experts/sparse.hpp"
#include "bitlaw/predict/experts/words.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "bitlaw/predict/refinement.hpp"

namespace bitlaw::predict {
namespace {

enum Expert : unsigned {
    kOrders,
    kWords,
    kMatch,
    kSparse,
    kIndirect,
    kLines,
    kRecords,
    kBitmap,
    kSamples,
    kDirect,
    kRefinement
};
constexpr std::array<const char*, 11> kNames{"orders",  "words",  "match",   "sparse", "indirect",  "lines",
                                             "records", "bitmap", "samples", "direct", "refinement"};
constexpr std::uint64_t kFastExperts = 1U << kOrders | 1U << kWords | 1U << kMatch;

// Numbers of the experts' first contexts (contexts.hpp).
enum FirstId : std::size_t {
    kOrderId = 0,
    kWordId = 8,
    kSparseId = 16,
    kIndirectId = 24,
    kLineId = 28,
    kRecordId = 36,
    kMatchId = 44,
    kByteId = 48,
    kShortId = 64,
    kExternalId = 80
};

// Contexts that add_external() adds.
constexpr std::size_t kExternalContexts = 2;

// Forms that share contexts and weights.
enum Family : std::size_t { kText, kBinary, kBytes, kShorts, kFamilies };

Family family_of(DataKind kind) {
    switch (kind) {
        case DataKind::text: return kText;
        case DataKind::records: return kBinary;
        case DataKind::bytes: return kBytes;
        default: return kShorts;
    }
}

// What belongs to one stream alone.
struct Stream {
    Past past;
    Words words;
    Lines lines;
    Match long_match;
    Match short_match;
    External external;
    std::unique_ptr<Samples> samples;
    ContextCursor cursor;
    // If it is not empty: what cursor will be after the likely byte.
    ContextCursor likely_cursor;
    std::uint8_t likely_byte = 0;
};

// Orders up to this one, in text, are each stream's own: of several streams, coded beside each other, each
// has words and names of its own place, and what was seen last in a short context should be of that place.
// Higher orders, pairs of words and the long match are shared. (With four streams of 75 KB beside the 200k,
// Wikipedia takes 0.4 % more than in one stream, and 2.5 % more if everything is shared.)
constexpr unsigned kOwnOrders = 3;

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

std::uint64_t active_experts(const ContextMixerSetup& setup) {
    const std::uint64_t all = (std::uint64_t{1} << kNames.size()) - 1;
    return setup.experts & (setup.set == ExpertSet::fast ? kFastExperts : all);
}

}  // namespace

struct ContextMixer::Parts {
    explicit Parts(const ContextMixerSetup& wanted)
        : setup(wanted),
          experts(active_experts(wanted)),
          full(wanted.set == ExpertSet::full),
          history(setup.bytes + 1),
          bank(slot_bytes(setup)),
          long_finder(match_entries(setup), full ? kLongMatch : kShortMatch),
          streams(setup.streams) {
        BITLAW_ASSERT(setup.streams >= 1);
        if (has(kDirect)) {
            direct = std::make_unique<Direct>(setup.bytes, setup.memory / 8);
        }
        if (has(kMatch) && full) {
            short_finder = std::make_unique<MatchFinder>(match_entries(setup), kShortMatch);
        }
        if (has(kRefinement)) {
            refinements = {Refinement(256 * 32), Refinement(65536), Refinement(65536)};
        }
    }

    [[nodiscard]] bool has(unsigned expert) const { return (experts >> expert & 1) != 0; }

    // ---- bytes

    void start(std::span<const std::size_t> lengths, const DataForm& wanted) {
        BITLAW_ASSERT(lengths.size() <= streams.size());
        validate(wanted);
        form = full ? wanted : DataForm{};
        family = family_of(form.kind);
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            Stream& s = streams[i];
            s = Stream{};
            s.cursor.list.set_stream(i);
            s.likely_cursor.list.set_stream(i);
            s.short_match.set_stream(i);
            s.past = Past{&history, next_place, next_place, 0};
            next_place += static_cast<std::uint32_t>(lengths[i]);
            if (family >= kBytes) {
                s.samples = std::make_unique<Samples>(form);
            }
            prepare(s);
        }
        if (family == kBinary && has(kBitmap) && !bitmap) {
            bitmap = std::make_unique<Bitmap>();
        }
        if (!mixers[family] && !lengths.empty()) {
            mixers[family] = std::make_unique<Mixer>(shape_of(streams[0].cursor.list.size()));
        }
        mixer = mixers[family].get();
    }

    // Of the family's mixer; choose() says what the groups are.
    [[nodiscard]] MixerShape shape_of(std::size_t contexts) const {
        contexts += setup.external && full ? kExternalContexts : 0;
        std::size_t inputs = contexts * kInputsOfContext + 1;
        inputs += has(kDirect) ? Direct::kInputs : 0;
        inputs += has(kMatch) ? MatchFinder::kInputs * (full ? 2 : 1) : 0;
        const std::size_t external_input = inputs;
        inputs += setup.external ? External::kInputs : 0;
        inputs += family == kBinary && has(kBitmap) ? Bitmap::kInputs : 0;
        inputs += family >= kBytes && has(kSamples) ? Samples::kInputs : 0;
        // A sum that is right from the start: contexts that know nothing give nothing.
        constexpr std::int32_t kFirstWeight = 9000;
        // Beside a network, which knows something from the start, the others begin lower.
        constexpr std::int32_t kBesideExternal = 6000;
        constexpr std::int32_t kOfExternal = 40000;
        if (!full) {
            std::vector<std::size_t> groups{64, 256, 256};
            if (setup.external) {
                groups.push_back(64);
                return {inputs, groups, 256, 2 * kBesideExternal, external_input, kOfExternal};
            }
            return {inputs, groups, 256, 2 * kFirstWeight};
        }
        std::vector<std::size_t> groups{64, 256, 256, 243, 256, 256, 256};
        if (family >= kBytes) {
            groups[0] = 2 * Samples::kClasses;
            groups[1] = 512;
        }
        if (setup.external) {
            groups.push_back(64);
            return {inputs, groups, 256, kBesideExternal, external_input, kOfExternal};
        }
        return {inputs, groups, 256, kFirstWeight};
    }

    // The contexts of the stream's next byte.
    void prepare(Stream& s) {
        if (s.likely_cursor.list.size() != 0 && s.likely_byte == (s.past.last & 0xFF)) {
            s.cursor = s.likely_cursor;
            s.likely_cursor.list.clear();
            return;
        }
        s.likely_cursor.list.clear();
        s.cursor.list.clear();
        s.cursor.fetched = 0;
        if (!full) {
            prepare_fast(s.past, s.words, s.cursor.list);
        } else if (family == kText) {
            prepare_text(s);
        } else if (family == kBinary) {
            prepare_records(s);
        } else {
            prepare_samples(s);
        }
        bank.fetch(s.cursor);
        if (direct) {
            direct->prefetch(s.past, 0);
        }
    }

    void prepare_fast(const Past& past, const Words& words, ContextList& list) const {
        if (has(kOrders)) {
            add_orders(past, kOrderId, 0b101111, kOwnOrders, list);
        }
        if (has(kWords)) {
            words.add_contexts(past, kWordId, false, list);
        }
    }

    // Before the last bit of a nibble: most bits are what they are expected to be, and what follows them has
    // a longer way if it is fetched now.
    void look_ahead(Stream& s, std::uint32_t next) {
        if (next < 256) {
            bank.fetch_second(next);
            if (direct) {
                direct->prefetch(s.past, next);
            }
            return;
        }
        s.likely_byte = static_cast<std::uint8_t>(next);
        const std::uint64_t last = s.past.last << 8 | s.likely_byte;
        if (has(kMatch)) {
            long_finder.prefetch(s.long_match, last);
        }
        if (short_finder) {
            short_finder->prefetch(s.short_match, last);
        }
        if (!full) {
            Past past = s.past;
            past.last = last;
            ++past.place;
            Words words = s.words;
            words.accept(s.likely_byte);
            s.likely_cursor.list.clear();
            s.likely_cursor.fetched = 0;
            prepare_fast(past, words, s.likely_cursor.list);
            bank.fetch(s.likely_cursor);
        }
    }

    // What text and records have in common, the one with more of words, the other with more of distances.
    void add_common(Stream& s, bool is_text) {
        ContextList& list = s.cursor.list;
        const Past& past = s.past;
        if (has(kOrders)) {
            const unsigned own = is_text ? kOwnOrders : 0;
            add_orders(past, kOrderId, is_text ? 0b111110 : 0b101110, own, list);
            add_orders(past, kOrderId + 5, 0b000001, own, list);
        }
        if (has(kWords)) {
            s.words.add_contexts(past, kWordId, is_text, list);
        }
        if (has(kSparse)) {
            add_sparse(past, kSparseId, !is_text, list);
        }
        if (has(kIndirect)) {
            indirect.add_contexts(past, kIndirectId, list);
        }
    }

    void prepare_text(Stream& s) {
        ContextList& list = s.cursor.list;
        add_common(s, true);
        if (has(kLines)) {
            s.lines.add_contexts(s.past, kLineId, s.words.word(), list);
        }
        if (has(kMatch)) {
            list.add(kMatchId, joined(s.long_match.opinion(), s.words.word()));
            add_match(s);
        }
    }

    void prepare_records(Stream& s) {
        add_common(s, false);
        if (has(kRecords)) {
            add_records(s.past, kRecordId, form.width, s.cursor.list);
        }
        if (has(kMatch)) {
            add_match(s);
        }
    }

    void prepare_samples(Stream& s) {
        s.samples->begin(s.past);
        if (has(kOrders)) {
            add_orders(s.past, kOrderId, family == kBytes ? 0b000110 : 0b001010, 0, s.cursor.list);
        }
        if (has(kSamples)) {
            s.samples->add_contexts(s.past, family == kBytes ? kByteId : kShortId, s.cursor.list);
        }
    }

    // What the external expert expects, with the last bytes and with the word. Known only when the byte
    // begins.
    void add_external(Stream& s) const {
        if (full) {
            const std::uint64_t expected = s.external.expected();
            s.cursor.list.add_own(kExternalId, joined(expected, s.past.last & 0xFFFF));
            s.cursor.list.add_own(kExternalId + 1, joined(expected, s.words.word()));
        }
    }

    // What the match expects, how long it is, and the last byte.
    static void add_match(Stream& s) {
        const std::uint64_t opinion = s.long_match.opinion() << 8 | s.long_match.length_class();
        s.cursor.list.add(kMatchId + 1, joined(opinion, s.past.last & 0xFF));
    }

    void begin(std::size_t which, std::span<const std::uint32_t> frequencies) {
        stream = &streams[which];
        if (setup.external) {
            stream->external.set(frequencies);
            add_external(*stream);
            bank.fetch(stream->cursor);
        }
        if (has(kMatch)) {
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
        Stream& s = *stream;
        history.set(s.past.place++, byte);
        s.past.last = s.past.last << 8 | byte;
        s.words.accept(byte);
        if (full) {
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
        Stream& s = *stream;
        std::size_t n = 0;
        if (has(kRefinement)) {
            refinements[1].prefetch(refined_by_order1(s));
            refinements[2].prefetch(refined_by_order3(s));
        }
        bank.predict(node, path, *mixer, n);
        n += s.cursor.list.size() * kInputsOfContext;
        mixer->set(n++, 1 << kOddsBits);
        if (direct) {
            direct->predict(s.past, node, path, *mixer, n);
            n += Direct::kInputs;
        }
        std::uint32_t matched = 0;
        if (has(kMatch)) {
            matched = long_finder.predict(s.long_match, node, *mixer, n);
            n += MatchFinder::kInputs;
        }
        std::uint32_t short_matched = 0;
        if (short_finder) {
            short_matched = short_finder->predict(s.short_match, node, *mixer, n);
            n += MatchFinder::kInputs;
        }
        if (setup.external) {
            s.external.predict(node, *mixer, n);
            n += External::kInputs;
        }
        if (bitmap && family == kBinary) {
            bitmap->predict(s.past, form.width, node, *mixer, n);
        } else if (family >= kBytes) {
            s.samples->predict(*mixer, n, has(kSamples));
        }
        choose(s, matched, short_matched);
        const std::int32_t fine = mixer->predict();
        mixed = probability_of(fine);
        refined = has(kRefinement) && Refinement::reaches(fine);
        const std::uint32_t p = refined ? refine(s, fine, matched) : mixed;
        if (path >= 8) {
            look_ahead(s, node * 2 + (p >> 31));
        }
        return p;
    }

    [[nodiscard]] std::size_t refined_by_order1(const Stream& s) const {
        return (s.past.last & 0xFF) << 8 | node;
    }
    [[nodiscard]] std::size_t refined_by_order3(const Stream& s) const {
        return (((s.past.last & 0xFFFFFF) << 8 | node) * 0x9E3779B97F4A7C15) >> 48;
    }

    // A quarter of the mixed probability, three quarters of the refined ones.
    std::uint32_t refine(const Stream& s, std::int32_t fine, std::uint32_t matched) {
        const std::uint32_t state = family >= kBytes ? s.samples->error_class() / 2
                                    : setup.external ? s.external.odds_class()
                                                     : std::min(matched / 2, 15U) * 2 + (matched & 1);
        const std::uint64_t one = refinements[0].predict(fine, node << 5 | state);
        const std::uint64_t two = refinements[1].predict(fine, refined_by_order1(s));
        const std::uint64_t three = refinements[2].predict(fine, refined_by_order3(s));
        const std::uint64_t sum = mixed + ((one + two + 2 * three) * 3 << 14);  // 2^34 is 1
        return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(sum >> 2, 64, 0xFFFFFFFF - 63));
    }

    // The weight sets of this bit.
    void choose(const Stream& s, std::uint32_t matched, std::uint32_t short_matched) {
        const auto done = static_cast<std::uint32_t>(std::bit_width(node) - 1);
        const std::uint32_t last = s.past.last & 0xFF;
        const std::uint32_t last2 = s.past.last >> 8 & 0xFF;
        mixer->choose(2, last);
        std::size_t groups = 3;
        if (!full) {
            mixer->choose(0, matched);
            mixer->choose(1, node);
        } else {
            groups = 7;
            std::uint32_t pattern = 0;
            for (std::size_t i = 0; i < 5; ++i) {
                pattern = pattern * 3 + bank.knows(i);
            }
            mixer->choose(3, pattern);
            if (family >= kBytes) {
                const std::uint32_t phase = s.samples->phase();
                const std::uint32_t error = s.samples->error_class();
                mixer->choose(0, phase * Samples::kClasses + error);
                mixer->choose(1, phase * 256 + node);
                mixer->choose(4, s.past.back(std::max(form.width, 2U)));
                mixer->choose(5, s.samples->expected());
                mixer->choose(6, error / 4 * 16 + phase * 8 + done);
            } else {
                mixer->choose(0, matched);
                mixer->choose(1, node);
                mixer->choose(4, last2);
                if (family == kText) {
                    mixer->choose(5, s.lines.kinds() & 0xFF);
                    mixer->choose(6, std::min(s.words.length(), 7U) * 32 + done * 4 + (matched != 0 ? 1 : 0) +
                                         (short_matched != 0 ? 2 : 0));
                } else {
                    mixer->choose(5, s.past.back(form.width));
                    mixer->choose(6, std::min(s.past.length() % form.width, 255U));
                }
            }
        }
        if (setup.external) {
            mixer->choose(groups++, s.external.doubt() * 8 + done);
        }
        mixer->choose(groups, node);
    }

    // What comes next is fetched from memory first; while it is on its way everybody learns.
    void accept(int bit) {
        Stream& s = *stream;
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
        if (refined) {
            for (Refinement& refinement : refinements) {
                refinement.accept(bit);
            }
        }
        bank.accept(bit_path, bit);
        if (direct) {
            direct->accept(bit);
        }
        long_finder.accept_bit(bit);
        if (short_finder) {
            short_finder->accept_bit(bit);
        }
        if (bitmap && family == kBinary) {
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

    ContextMixerSetup setup;
    std::uint64_t experts;
    bool full;
    History history;
    ContextBank bank;
    Indirect indirect;
    MatchFinder long_finder;
    std::unique_ptr<MatchFinder> short_finder;
    std::unique_ptr<Direct> direct;
    std::unique_ptr<Bitmap> bitmap;
    // By node and match (or expected error, or the external expert's odds); by last byte and node; by a hash
    // of the last three bytes and the node.
    std::vector<Refinement> refinements;
    std::vector<Stream> streams;
    std::array<std::unique_ptr<Mixer>, kFamilies> mixers;
    std::uint32_t next_place = 1;  // place 0 means none

    DataForm form;
    Family family = kText;
    Mixer* mixer = nullptr;
    Stream* stream = nullptr;
    std::uint32_t node = 1;  // the byte's bits so far with a one in front
    std::uint32_t path = 1;  // those of the nibble
    std::uint32_t mixed = 0;
    bool refined = false;
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

std::span<const char* const> ContextMixer::experts() { return kNames; }

std::uint64_t ContextMixer::experts_of(ExpertSet set) { return active_experts({.set = set}); }

}  // namespace bitlaw::predict
