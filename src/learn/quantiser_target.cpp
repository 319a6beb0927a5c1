#include <algorithm>
#include <cmath>

#include "bisection.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/network.hpp"

namespace bitlaw::learn {

using namespace symbols;
using namespace model;

namespace {

// Bits a symbol.
double loss_of(const Model& model, std::span<const Symbol> symbols) {
    const std::size_t positions = model.config.context;
    const std::size_t sequences = symbols.size() / positions;
    BITLAW_ASSERT(sequences > 0);
    const PackedModel packed(model, PackFor::inference);
    Network network(packed);
    const std::size_t batch = std::max<std::size_t>(1, 4096 / positions);
    double bits = 0.0;
    for (std::size_t first = 0; first < sequences; first += batch) {
        const std::size_t count = std::min(batch, sequences - first);
        bits += network.loss({symbols.subspan(first * positions, count * positions), count, positions});
    }
    return bits / static_cast<double>(sequences * positions);
}

}  // namespace

QuantisedModel quantised_to(const Model& model, const QuantiserTarget& target,
                            const QuantiserOptions& options, std::span<const Symbol> calibration,
                            std::span<const Symbol> check) {
    BITLAW_ASSERT((target.bits > 0.0) != (target.loss_rise > 0.0));
    if (check.size() < model.config.context) {
        fail("to see what rounding costs takes at least ", model.config.context,
             " bytes, one context, and "
             "there are ",
             check.size(), "; give more data");
    }
    const Quantiser quantiser(model, curvature_of(model, calibration));
    const double before = loss_of(model, check);
    const auto result = [&](QuantisedWeights weights) {
        const double after = loss_of(weights.model, check);
        return QuantisedModel{std::move(weights), before, after};
    };
    if (target.bits > 0.0) {
        std::optional<QuantisedWeights> best = quantiser.within(target.bits, options);
        if (!best) {
            fail("no steps make the weights so small; ask for more bits");
        }
        return result(std::move(*best));
    }
    std::optional<QuantisedModel> best = bisected(Wanted::coarsest, [&](double step) {
        QuantiserOptions trial = options;
        trial.step = step;
        std::optional<QuantisedModel> found = result(quantiser.at(trial));
        return found->loss_after <= before * (1.0 + target.loss_rise) ? std::move(found) : std::nullopt;
    });
    if (!best) {
        fail("no steps keep to the loss; allow more");
    }
    return std::move(*best);
}

}  // namespace bitlaw::learn
