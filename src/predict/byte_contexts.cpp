#include "byte_contexts.hpp"

#include "bitlaw/predict/experts/orders.hpp"
#include "bitlaw/predict/experts/records.hpp"
#include "bitlaw/predict/experts/sparse.hpp"

namespace bitlaw::predict {
namespace {

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

// Orders up to this one, in text, are each stream's own: of several streams, coded beside each other, each
// has words and names of its own place, and what was seen last in a short context should be of that place.
// Higher orders, pairs of words and the long match are shared. (With four streams of 75 KB beside the 200k,
// Wikipedia takes 0.4 % more than in one stream, and 2.5 % more if everything is shared.)
constexpr unsigned kOwnOrders = 3;

// What text and records have in common, the one with more of words, the other with more of distances.
void add_common(const ExpertChoice& choice, const Indirect& indirect, MixedStream& s) {
    const bool is_text = choice.family == Family::text;
    ContextList& list = s.cursor.list;
    const Past& past = s.past;
    if (choice.has(Expert::orders)) {
        const unsigned own = is_text ? kOwnOrders : 0;
        add_orders(past, kOrderId, is_text ? 0b111110 : 0b101110, own, list);
        add_orders(past, kOrderId + 5, 0b000001, own, list);
    }
    if (choice.has(Expert::words)) {
        s.words.add_contexts(past, kWordId, is_text, list);
    }
    if (choice.has(Expert::sparse)) {
        add_sparse(past, kSparseId, !is_text, list);
    }
    if (choice.has(Expert::indirect)) {
        indirect.add_contexts(past, kIndirectId, list);
    }
}

// What the match expects, how long it is, and the last byte.
void add_match(MixedStream& s) {
    const std::uint64_t opinion = s.long_match.opinion() << 8 | s.long_match.length_class();
    s.cursor.list.add(kMatchId + 1, joined(opinion, s.past.last & 0xFF));
}

void add_text(const ExpertChoice& choice, MixedStream& s) {
    ContextList& list = s.cursor.list;
    if (choice.has(Expert::lines)) {
        s.lines.add_contexts(s.past, kLineId, s.words.word(), list);
    }
    if (choice.has(Expert::match)) {
        list.add(kMatchId, joined(s.long_match.opinion(), s.words.word()));
        add_match(s);
    }
}

void add_binary(const ExpertChoice& choice, MixedStream& s) {
    if (choice.has(Expert::records)) {
        add_records(s.past, kRecordId, choice.form.width, s.cursor.list);
    }
    if (choice.has(Expert::match)) {
        add_match(s);
    }
}

void add_samples(const ExpertChoice& choice, MixedStream& s) {
    const bool is_bytes = choice.family == Family::bytes;
    s.samples->begin(s.past);
    if (choice.has(Expert::orders)) {
        add_orders(s.past, kOrderId, is_bytes ? 0b000110 : 0b001010, 0, s.cursor.list);
    }
    if (choice.has(Expert::samples)) {
        s.samples->add_contexts(s.past, is_bytes ? kByteId : kShortId, s.cursor.list);
    }
}

}  // namespace

void add_fast_contexts(const ExpertChoice& choice, const Past& past, const Words& words, ContextList& list) {
    if (choice.has(Expert::orders)) {
        add_orders(past, kOrderId, 0b101111, kOwnOrders, list);
    }
    if (choice.has(Expert::words)) {
        words.add_contexts(past, kWordId, false, list);
    }
}

void add_full_contexts(const ExpertChoice& choice, const Indirect& indirect, MixedStream& stream) {
    if (choice.sampled()) {
        add_samples(choice, stream);
        return;
    }
    add_common(choice, indirect, stream);
    if (choice.family == Family::text) {
        add_text(choice, stream);
    } else {
        add_binary(choice, stream);
    }
}

void add_external_contexts(const ExpertChoice& choice, MixedStream& stream) {
    if (choice.full) {
        const std::uint64_t expected = stream.external.expected();
        stream.cursor.list.add_own(kExternalId, joined(expected, stream.past.last & 0xFFFF));
        stream.cursor.list.add_own(kExternalId + 1, joined(expected, stream.words.word()));
    }
}

}  // namespace bitlaw::predict
