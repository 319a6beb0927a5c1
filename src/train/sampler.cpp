#include "bitlaw/train/sampler.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"

namespace bitlaw::train {

using namespace symbols;

namespace {

// Streams of random numbers from here on belong to the sampler, one an epoch: no other user counts that far.
constexpr std::uint64_t kFirstStream = std::uint64_t{1} << 40;

// Four rounds already make a strong pseudorandom permutation of large domains (Luby and Rackoff 1988); small
// domains need some more before neighbours are separated.
constexpr unsigned kRounds = 8;

}  // namespace

std::uint64_t permuted(std::uint64_t index, std::uint64_t count, std::uint64_t key) {
    BITLAW_ASSERT(index < count && count <= std::uint64_t{1} << 62);
    const unsigned half_bits = std::max((static_cast<unsigned>(std::bit_width(count - 1)) + 1) / 2, 1U);
    const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
    do {
        std::uint64_t left = index >> half_bits;
        std::uint64_t right = index & mask;
        for (std::uint64_t round = 0; round < kRounds; ++round) {
            // Half a block has at most 31 bits, so round and half never share a counter.
            const std::uint64_t mixed = Random::from_state(key, (round << 32) | right).next() & mask;
            left = std::exchange(right, left ^ mixed);
        }
        index = (left << half_bits) | right;
    } while (index >= count);
    return index;
}

RangeSampler::RangeSampler(const Corpus& corpus, std::size_t first, std::size_t last, std::size_t positions,
                           std::uint64_t seed, std::uint64_t group)
    : corpus_(&corpus),
      first_range_(first),
      last_range_(last),
      positions_(positions),
      seed_(seed),
      group_(group) {
    BITLAW_ASSERT(first < last && last <= corpus.ranges() && positions > 0);
    enter_epoch(0);
}

void RangeSampler::enter_epoch(std::uint64_t epoch) {
    position_ = {.epoch = epoch, .index = 0};
    Random random(seed_, kFirstStream * (group_ + 1) + epoch);
    order_key_ = random.next();
    phase_.clear();
    first_sequence_.assign(1, 0);
    for (std::size_t r = first_range_; r < last_range_; ++r) {
        const std::uint64_t size = corpus_->length(r);
        BITLAW_ASSERT(size >= positions_);
        const std::uint64_t phase = random.below(std::min<std::uint64_t>(positions_, size - positions_ + 1));
        phase_.push_back(phase);
        first_sequence_.push_back(first_sequence_.back() + (size - phase) / positions_);
    }
}

void RangeSampler::next(std::span<Symbol> sequence) {
    BITLAW_ASSERT(sequence.size() == positions_);
    if (position_.index == epoch_sequences()) {
        enter_epoch(position_.epoch + 1);
    }
    const std::uint64_t number = permuted(position_.index++, epoch_sequences(), order_key_);
    const auto after = std::upper_bound(first_sequence_.begin(), first_sequence_.end(), number);
    const auto range = static_cast<std::size_t>(after - first_sequence_.begin()) - 1;
    const std::uint64_t begin = phase_[range] + (number - first_sequence_[range]) * positions_;
    corpus_->read(first_range_ + range, begin, sequence);
}

void RangeSampler::skip(std::uint64_t sequences) {
    while (sequences > epoch_sequences() - position_.index) {
        sequences -= epoch_sequences() - position_.index;
        enter_epoch(position_.epoch + 1);
    }
    position_.index += sequences;
}

void RangeSampler::seek(CorpusPosition position) {
    enter_epoch(position.epoch);
    if (position.index > epoch_sequences()) {
        fail("the saved position is sequence ", position.index, " of epoch ", position.epoch,
             ", which has only ", epoch_sequences(), "; the state is damaged, so start the run anew");
    }
    position_.index = position.index;
}

Sampler::Sampler(const Corpus& corpus, std::size_t positions, std::uint64_t seed)
    : weights_(corpus.weights()), drawn_(weights_.size()) {
    BITLAW_ASSERT(corpus.ranges() > 0);
    if (weights_.empty()) {
        samplers_.emplace_back(corpus, 0, corpus.ranges(), positions, seed, 0);
    }
    for (std::size_t range = 0; range < weights_.size(); ++range) {
        samplers_.emplace_back(corpus, range, range + 1, positions, seed, range);
    }
}

std::size_t Sampler::choose() {
    if (weights_.empty()) {
        return 0;
    }
    ++total_;
    std::size_t chosen = 0;
    double most = -1.0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
        const double lacking = weights_[i] * static_cast<double>(total_) - static_cast<double>(drawn_[i]);
        if (lacking > most) {
            most = lacking;
            chosen = i;
        }
    }
    ++drawn_[chosen];
    return chosen;
}

void Sampler::next(std::span<Symbol> sequence) { samplers_[choose()].next(sequence); }

void Sampler::skip(std::uint64_t sequences) {
    if (weights_.empty()) {
        samplers_.front().skip(sequences);
        return;
    }
    for (; sequences > 0; --sequences) {
        samplers_[choose()].skip(1);
    }
}

CorpusPosition Sampler::position() const {
    return weights_.empty() ? samplers_.front().position() : CorpusPosition{.epoch = 0, .index = total_};
}

void Sampler::seek(CorpusPosition position) {
    if (weights_.empty()) {
        samplers_.front().seek(position);
        return;
    }
    // A run draws far fewer; a forged count must not keep the replay busy for hours.
    constexpr std::uint64_t kMostSequences = std::uint64_t{1} << 32;
    if (position.epoch != 0 || position.index > kMostSequences) {
        fail("the saved position is sequence ", position.index, " of epoch ", position.epoch,
             ", which weighted data do not have; the state is damaged, so start the run anew");
    }
    std::fill(drawn_.begin(), drawn_.end(), 0);
    total_ = 0;
    while (total_ < position.index) {
        (void)choose();
    }
    for (std::size_t i = 0; i < samplers_.size(); ++i) {
        samplers_[i].seek({});
        samplers_[i].skip(drawn_[i]);
    }
}

}  // namespace bitlaw::train
