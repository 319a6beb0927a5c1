#include "validation.hpp"

#include <span>

#include "bitlaw/train/sampler.hpp"

namespace bitlaw::train {

using namespace learn;
using namespace model;

Validation::Validation(const ResolvedRun& run, const Corpus& held_out) : run_(run) {
    if (run.validation_sequences > 0) {
        symbols_ = first_sequences(held_out, run.positions(), run.validation_sequences * run.positions());
        bytes_ = held_out.covered(symbols_);
    }
}

double Validation::bits_per_byte(Learner& learner, WeightFormatId format, Ranks& ranks) const {
    const auto bits = [&] {
        if (ranks.is_alone()) {
            return learner.coding_bits(symbols_, format);
        }
        const LeafRange own = ranks.share(run_.validation_sequences);
        const std::vector<double> lengths =
            learner.coding_lengths(std::span(symbols_).subspan(own.first * run_.positions(),
                                                               (own.last - own.first) * run_.positions()),
                                   format);
        std::uint64_t nothing = 0;
        return ranks.chain(lengths, nothing);
    };
    return bits() / static_cast<double>(bytes_);
}

}  // namespace bitlaw::train
