#include <algorithm>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/model/stored_weights.hpp"

namespace bitlaw::learn {

using namespace symbols;
using namespace model;

namespace {

double bits_per_weight(const Model& model) {
    return 8.0 * static_cast<double>(weight_bytes(model, WeightFormatId::quantised).size()) /
           static_cast<double>(model.layout.size);
}

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
    QuantisedModel best{model, options, 0.0, loss_of(model, check), 0.0};
    // Steps from "nothing is lost" to "nothing is left": the exponent of D.
    double fine = -24.0;
    double coarse = 2.0;
    for (int round = 0; round < 14; ++round) {
        const double middle = (fine + coarse) / 2.0;
        QuantisedModel trial{model, options, 0.0, best.loss_before, 0.0};
        trial.options.step = std::exp2(middle);
        trial.model = quantiser.at(trial.options);
        trial.bits_per_weight = bits_per_weight(trial.model);
        bool keeps = trial.bits_per_weight <= target.bits;
        if (target.bits <= 0.0) {
            trial.loss_after = loss_of(trial.model, check);
            keeps = trial.loss_after <= trial.loss_before * (1.0 + target.loss_rise);
        }
        // The finest steps within the bits, or the coarsest within the loss.
        ((target.bits > 0.0) == keeps ? coarse : fine) = middle;
        if (keeps) {
            best = std::move(trial);
        }
    }
    if (best.bits_per_weight == 0.0) {
        fail("no steps keep to the target; ask for more bits or allow more loss");
    }
    if (best.loss_after == 0.0) {
        best.loss_after = loss_of(best.model, check);
    }
    return best;
}

}  // namespace bitlaw::learn
