#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/model/trellis.hpp"
#include "support/isa_scope.hpp"
#include "support/message.hpp"
#include "support/random_symbols.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::learn;
using bitlaw::symbols::Symbol;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

// tr(G E^T A E) of one matrix.
double cost(const ProductCurvature& product, const Model& exact, const Model& rounded) {
    const std::size_t rows = product.tensor.rows;
    const std::size_t columns = product.tensor.columns;
    const auto error = [&](std::size_t row, std::size_t column) {
        const std::size_t at = product.tensor.offset + row * columns + column;
        return double{rounded.weights[at]} - double{exact.weights[at]};
    };
    double sum = 0.0;
    for (std::size_t a = 0; a < rows; ++a) {
        for (std::size_t j = 0; j < columns; ++j) {
            double left = 0.0;   // (A E)_aj
            double right = 0.0;  // (E G)_aj
            for (std::size_t b = 0; b < rows; ++b) {
                left += product.inputs[a * rows + b] * error(b, j);
            }
            for (std::size_t k = 0; k < columns; ++k) {
                right += error(a, k) * product.outputs[k * columns + j];
            }
            sum += left * right;
        }
    }
    return sum;
}

}  // namespace

TEST_CASE("curvature: the second moments of the output's inputs and gradients are those of the loss") {
    const Model model = test::tiny_noisy(Architecture::modern);
    const std::vector<Symbol> symbols = test::random_symbols(64 * 40 + 13, 64, 11);
    const Curvature curvature = curvature_of(model, symbols);
    CHECK(curvature.symbols == 64 * 40);
    CHECK(curvature.products.size() == 1 + 2 * 4);  // output; qkv, attention_out, up, down of two layers
    CHECK(curvature.tables.size() == 2);            // embedding, taps
    const ProductCurvature& output = curvature.products.front();
    REQUIRE(output.tensor.offset == model.layout.output.offset);
    // The head's input is normalised: the trace of A is its width.
    double trace = 0.0;
    for (std::size_t i = 0; i < output.tensor.rows; ++i) {
        trace += output.inputs[i * output.tensor.rows + i];
        for (std::size_t j = 0; j < i; ++j) {
            CHECK(output.inputs[i * output.tensor.rows + j] ==
                  doctest::Approx(output.inputs[j * output.tensor.rows + i]));
        }
    }
    CHECK(trace == doctest::Approx(static_cast<double>(output.tensor.rows)).epsilon(1e-3));
    // d(-ln p) / d(logit j) = p_j - (j == symbol): its square is at most 1, and the mean is not small here.
    // The p_j add up to one, so that every row of G adds up to zero.
    const std::size_t symbols_of = output.tensor.columns;
    for (std::size_t j = 0; j < symbols_of; ++j) {
        CHECK(output.outputs[j * symbols_of + j] > 0.0);
        CHECK(output.outputs[j * symbols_of + j] <= 1.0);
        double sum = 0.0;
        for (std::size_t k = 0; k < symbols_of; ++k) {
            sum += output.outputs[j * symbols_of + k];
        }
        CHECK(std::abs(sum) < 1e-4);
    }
}

TEST_CASE(
    "quantiser: every matrix stands on levels, fewer with larger steps, and errors fed forward cost less") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const Model model = test::tiny_noisy(architecture);
        const Curvature curvature = curvature_of(model, test::random_symbols(64 * 60, 64, 11));
        const Quantiser quantiser(model, curvature);
        const QuantiserOptions fine{.step = 0x1p-6};
        const QuantiserOptions alone{.step = 0x1p-6, .bit_weight = 0.0, .feed = ErrorFeed::none};
        const QuantiserOptions rows{.step = 0x1p-6, .bit_weight = 0.0, .feed = ErrorFeed::rows};
        const QuantiserOptions fed{.step = 0x1p-6, .bit_weight = 0.0};
        const QuantisedWeights result = quantiser.at(fine);
        const Model& rounded = result.model;
        std::size_t stepped = 0;
        for (const Tensor& tensor : model.layout.tensors()) {
            CAPTURE(tensor.name);
            const auto view = std::as_const(rounded).view(tensor);
            if (tensor.group == Group::vector) {
                const auto before = model.view(tensor);
                CHECK(std::equal(view.begin(), view.end(), before.begin()));
                continue;
            }
            const StoredRows stored = stored_rows(tensor);
            std::vector<float> row(stored.columns);
            for (std::size_t r = 0; r < stored.rows; ++r, ++stepped) {
                stored.get(view, r, row);
                const std::optional<QuantisedRow> found = trellis_row(row);
                REQUIRE(found.has_value());
                if (found->step > 0) {  // the path may be one of a coarser step too
                    CHECK(step_at(found->step) >= result.steps[stepped]);
                }
            }
        }
        CHECK(stepped == result.steps.size());
        double cost_alone = 0.0;
        double cost_rows = 0.0;
        double cost_fed = 0.0;
        for (const ProductCurvature& product : curvature.products) {
            cost_alone += cost(product, model, quantiser.at(alone).model);
            cost_rows += cost(product, model, quantiser.at(rows).model);
            cost_fed += cost(product, model, quantiser.at(fed).model);
        }
        CHECK(cost_rows < 0.9 * cost_alone);
        CHECK(cost_fed < 0.95 * cost_rows);
    }
}

TEST_CASE("quantiser: rows of next to no curvature keep their shape") {
    const Model model = test::tiny_noisy(Architecture::modern);
    for (const double share : {1e-2, 1e-3, 1e-4, 1e-6, 1e-12}) {
        Curvature curvature = curvature_of(model, test::random_symbols(64 * 60, 64, 11));
        for (ProductCurvature& product : curvature.products) {
            for (double& output : product.outputs) {
                output *= share;
            }
        }
        const Model rounded = Quantiser(model, curvature).at({.step = 0x1p-5, .bit_weight = 0.0}).model;
        for (const ProductCurvature& product : curvature.products) {
            double error = 0.0;
            double size = 0.0;
            for (std::size_t i = 0; i < product.tensor.size(); ++i) {
                const double weight = model.weights[product.tensor.offset + i];
                const double difference = rounded.weights[product.tensor.offset + i] - weight;
                error += difference * difference;
                size += weight * weight;
            }
            CAPTURE(product.tensor.name);
            CAPTURE(share);
            CHECK(error < 0.8 * size);
        }
    }
}

TEST_CASE("quantiser: the same bits for every number of threads and instruction set") {
    const Model model = test::tiny_noisy(Architecture::modern);
    const std::vector<Symbol> symbols = test::random_symbols(64 * 48, 64, 11);
    const auto made = [&] {
        return Quantiser(model, curvature_of(model, symbols)).at({.step = 0x1p-7}).model;
    };
    const Model expected = made();
    for (const kernels::Isa isa : kernels::available_isas()) {
        const test::IsaScope scope(isa);
        for (const std::size_t threads : {1, 3}) {
            const test::Threads count(threads);
            CHECK(made().weights == expected.weights);
        }
    }
}

TEST_CASE("quantiser: targets are kept: bits of a weight, or the loss that is allowed") {
    const Model model = test::tiny_noisy(Architecture::modern);
    const std::vector<Symbol> symbols = test::random_symbols(2 * 64 * 40, 64, 11);
    const std::span<const Symbol> all(symbols);
    const auto to = [&](const QuantiserTarget& target) {
        return quantised_to(model, target, {}, all.first(64 * 40), all.subspan(64 * 40));
    };
    double more = 100.0;
    for (const double bits : {9.0, 6.0, 4.0}) {
        const QuantisedModel result = to({.bits = bits});
        CAPTURE(bits);
        CHECK(result.weights.bits_per_weight <= bits);
        CHECK(result.weights.bits_per_weight > bits - 0.3);
        CHECK(result.weights.bits_per_weight < more);
        more = result.weights.bits_per_weight;
    }
    const QuantisedModel result = to({.loss_rise = 0.01});
    CHECK(result.loss_after <= 1.01 * result.loss_before);
    CHECK(result.weights.bits_per_weight < 16.0);
    CHECK(holds(message_of<Error>([&] { (void)to({.bits = 0.01}); }), "ask for more bits"));
    CHECK(holds(message_of<Error>(
                    [&] { (void)quantised_to(model, {.bits = 4}, {}, all.first(63), all.subspan(64)); }),
                "give more data"));
    CHECK(holds(
        message_of<Error>([&] { (void)quantised_to(model, {.bits = 4}, {}, all.first(64), all.first(63)); }),
        "give more data"));
}

TEST_CASE("quantiser: a curvature that is not finite is refused") {
    const Model model = test::tiny_noisy(Architecture::modern);
    const Curvature good = curvature_of(model, test::random_symbols(64 * 8, 64, 11));
    Curvature bad = good;
    bad.products.front().inputs.back() = std::numeric_limits<double>::quiet_NaN();
    CHECK(holds(message_of<Error>([&] { (void)Quantiser(model, bad); }), "not finite"));
    bad = good;
    bad.tables.front().rows.front() = std::numeric_limits<double>::infinity();
    CHECK(holds(message_of<Error>([&] { (void)Quantiser(model, bad); }), "not finite"));
}
