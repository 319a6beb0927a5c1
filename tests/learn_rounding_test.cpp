#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/learn/rounding.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/quantised_rows.hpp"
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

double stored_bits(const Model& model) {
    return 8.0 * static_cast<double>(weight_bytes(model, WeightFormatId::quantised).size()) /
           static_cast<double>(model.layout.size);
}

LearnerOptions options() {
    LearnerOptions options{.adam = {.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1}};
    options.muon.enabled = true;
    return options;
}

// Steps of learning from number `first` on.
void train_steps(Learner& learner, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t step = first; step < last; ++step) {
        learner.add_leaf(test::random_symbols(2 * learner.model().config.context, 64, step), 0.01F);
        REQUIRE(learner.update(0.01).is_finite());
    }
}

}  // namespace

TEST_CASE("rounding: the steps give the size that is asked for, and files hold what steps see") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const Model exact = test::tiny_noisy(architecture);
        Rounding rounding(exact);
        CHECK(rounding.steps().empty());
        rounding.begin(curvature_of(exact, test::random_symbols(64 * 20, 64, 3)), exact.weights);
        double before = 99.0;
        for (const double bits : {6.0, 4.5, 3.5}) {
            const double reached = rounding.fit(exact.weights, bits);
            CAPTURE(bits);
            CHECK(reached <= bits);
            CHECK(reached > bits - 0.05);
            CHECK(reached < before);
            before = reached;
            CHECK(rounding.steps().size() == rounded_rows(exact.layout));
            Model rounded = exact;
            rounding.round(exact.weights, rounded.weights);
            CHECK(stored_bits(rounded) == doctest::Approx(reached));
            CHECK(rounded.weights != exact.weights);
            const StoredModel stored =
                decode_model(encode_model(rounded, WeightFormatId::quantised, nullptr), "test");
            CHECK(stored.model.weights == rounded.weights);
            Model again = rounded;
            round_weights(again, WeightFormatId::quantised);
            CHECK(again.weights == rounded.weights);
        }
    }
}

TEST_CASE("rounding: embedding and output are finer, each weight goes to one of its two levels") {
    const Model exact = test::tiny_noisy(Architecture::modern);
    Rounding rounding(exact);
    rounding.begin({}, exact.weights);  // by the rows' rms
    (void)rounding.fit(exact.weights, 4.0);
    Model rounded = exact;
    rounding.round(exact.weights, rounded.weights);
    std::size_t row = 0;
    double table = 0.0;
    double matrix = 0.0;
    for (const Tensor& tensor : exact.layout.tensors()) {
        if (tensor.rows == 1) {
            continue;
        }
        for (std::size_t r = 0; r < tensor.rows; ++r, ++row) {
            const double step = step_at(nearest_step(rounding.steps()[row]));
            for (std::size_t c = 0; c < tensor.columns; ++c) {
                const std::size_t at = tensor.offset + r * tensor.columns + c;
                const double error = std::abs(double{exact.weights[at]} - double{rounded.weights[at]});
                CHECK(error < step);
                CHECK(std::abs(rounded.weights[at]) <= std::abs(exact.weights[at]) + step / 2);
                (tensor.group == Group::matrix ? matrix : table) += error * error;
            }
        }
    }
    CHECK(row == rounding.steps().size());
    CHECK(table < matrix);
}

TEST_CASE("rounding: rows of zeros can become more, what cannot be reached is as small as it gets") {
    Model zeros(test::tiny_config(Architecture::modern, 64));
    Rounding rounding(zeros);
    rounding.begin(curvature_of(zeros, test::random_symbols(64 * 20, 64, 3)), zeros.weights);
    (void)rounding.fit(zeros.weights, 4.0);
    Model grown = zeros;
    std::fill(grown.weights.begin(), grown.weights.end(), 0.2F);
    Model rounded = grown;
    rounding.round(grown.weights, rounded.weights);
    for (const float weight : rounded.weights) {
        CHECK(weight == doctest::Approx(0.2).epsilon(0.5));
    }
    const Model vanilla = test::tiny_noisy(Architecture::vanilla);
    Rounding hopeless(vanilla);
    hopeless.begin({}, vanilla.weights);
    const double reached = hopeless.fit(vanilla.weights, 0.01);
    CHECK(reached > 0.01);
    Model broken = vanilla;
    broken.weights[0] = std::numeric_limits<float>::quiet_NaN();
    CHECK(holds(message_of<Error>([&] { (void)hopeless.fit(broken.weights, 4.0); }), "finite"));
}

TEST_CASE("rounding: threads and instruction sets change no bit of a rounded training") {
    std::vector<Floats> exact;
    std::vector<Floats> seen;
    for (const std::size_t threads : {1, 3}) {
        const test::Threads count(threads);
        for (const kernels::Isa isa : kernels::available_isas()) {
            const test::IsaScope scope(isa);
            Learner learner(test::tiny_noisy(Architecture::modern), options());
            train_steps(learner, 0, 2);
            (void)learner.round_to(4.0, test::random_symbols(64 * 20, 64, 3));
            train_steps(learner, 2, 5);
            (void)learner.round_to(4.0, test::random_symbols(64 * 20, 64, 3));
            exact.emplace_back(learner.exact_weights().begin(), learner.exact_weights().end());
            seen.push_back(learner.model().weights);
            CHECK(exact.back() == exact.front());
            CHECK(seen.back() == seen.front());
        }
    }
}

TEST_CASE("rounding: a learner's steps see rounded weights, change the exact ones, and can be resumed") {
    Learner learner(test::tiny_noisy(Architecture::modern), options());
    CHECK_FALSE(learner.rounds());
    CHECK(learner.exact_weights().data() == learner.model().weights.data());
    train_steps(learner, 0, 2);
    const Floats before = learner.model().weights;
    const double bits = learner.round_to(4.0, test::random_symbols(64 * 20, 64, 3));
    CHECK(learner.rounds());
    CHECK(std::equal(before.begin(), before.end(), learner.exact_weights().begin()));
    CHECK(stored_bits(learner.model()) == doctest::Approx(bits));
    // The loss is that of the rounded weights, and coding with them changes nothing.
    const std::vector<Symbol> text = test::random_symbols(4 * learner.model().config.context, 64, 9);
    Learner frozen(learner.model(), options());
    CHECK(learner.coding_bits(text, WeightFormatId::quantised) ==
          frozen.coding_bits(text, WeightFormatId::fp32));
    train_steps(learner, 2, 4);
    CHECK_FALSE(std::equal(before.begin(), before.end(), learner.exact_weights().begin()));

    Learner other(test::tiny_noisy(Architecture::modern), options());
    other.restore(learner.exact_weights(), learner.moments(), learner.row_steps());
    CHECK(other.model().weights == learner.model().weights);
    train_steps(learner, 4, 6);
    train_steps(other, 4, 6);
    CHECK(other.model().weights == learner.model().weights);
    CHECK(std::equal(other.exact_weights().begin(), other.exact_weights().end(),
                     learner.exact_weights().begin()));
    // Without the steps it goes on with the exact weights.
    other.restore(learner.exact_weights(), learner.moments());
    CHECK_FALSE(other.rounds());
    CHECK(std::equal(other.model().weights.begin(), other.model().weights.end(),
                     learner.exact_weights().begin()));
}
