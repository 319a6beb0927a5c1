#include "bitlaw/train/sampler.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"

namespace bitlaw {
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

Sampler::Sampler(const Corpus& corpus, std::size_t positions, std::uint64_t seed)
    : corpus_(&corpus), positions_(positions), seed_(seed) {
    BITLAW_ASSERT(corpus.ranges() > 0 && positions > 0);
    enter_epoch(0);
}

void Sampler::enter_epoch(std::uint64_t epoch) {
    position_ = {.epoch = epoch, .index = 0};
    Random random(seed_, kFirstStream + epoch);
    order_key_ = random.next();
    phase_.clear();
    first_.assign(1, 0);
    for (std::size_t r = 0; r < corpus_->ranges(); ++r) {
        const std::uint64_t size = corpus_->bytes(r).size();
        BITLAW_ASSERT(size >= positions_);
        const std::uint64_t phase = random.below(std::min<std::uint64_t>(positions_, size - positions_ + 1));
        phase_.push_back(phase);
        first_.push_back(first_.back() + (size - phase) / positions_);
    }
}

void Sampler::next(std::span<Symbol> sequence) {
    BITLAW_ASSERT(sequence.size() == positions_);
    if (position_.index == epoch_sequences()) {
        enter_epoch(position_.epoch + 1);
    }
    const std::uint64_t number = permuted(position_.index++, epoch_sequences(), order_key_);
    const auto after = std::upper_bound(first_.begin(), first_.end(), number);
    const auto range = static_cast<std::size_t>(after - first_.begin()) - 1;
    const std::uint64_t begin = phase_[range] + (number - first_[range]) * positions_;
    to_symbols(corpus_->bytes(range).subspan(begin, positions_), sequence);
}

void Sampler::seek(CorpusPosition position) {
    enter_epoch(position.epoch);
    if (position.index > epoch_sequences()) {
        fail("the saved position is sequence ", position.index, " of epoch ", position.epoch,
             ", which has only ", epoch_sequences(), "; the state is damaged, so start the run anew");
    }
    position_.index = position.index;
}

}  // namespace bitlaw
