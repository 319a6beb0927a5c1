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

double stored_bits(const Model& model) {
    return 8.0 * static_cast<double>(weight_bytes(model, WeightFormatId::trellis).size()) /
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

TEST_CASE("rounding: shares of the rows are rounded one after the other and stay, all within the bits") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const Model exact = test::tiny_noisy(architecture);
        const Curvature curvature = curvature_of(exact, test::random_symbols(64 * 20, 64, 3));
        for (const double bits : {6.0, 4.5, 3.5}) {
            CAPTURE(bits);
            Model model = exact;
            Rounding rounding(model);
            CHECK(rounding.steps().empty());
            (void)rounding.advance(model, curvature, 0.5, bits);
            const std::vector<float> half = rounding.steps();
            CHECK(half.size() == rounded_rows(exact.layout));
            const auto rounded =
                std::count_if(half.begin(), half.end(), [](float step) { return step > 0.0F; });
            CHECK(static_cast<double>(rounded) ==
                  doctest::Approx(0.5 * static_cast<double>(half.size())).epsilon(0.05));
            const Floats before = model.weights;
            for (float& weight : model.weights) {
                weight += 0.01F;  // as training would move them
            }
            rounding.hold(model.weights);
            const double reached = rounding.advance(model, curvature, 1.0, bits);
            CHECK(reached <= bits);
            CHECK(reached > bits - 0.1);
            CHECK(stored_bits(model) == doctest::Approx(reached));
            // What was rounded first is as it was, steps and weights; files hold what is there now.
            std::size_t row = 0;
            for (const Tensor& tensor : exact.layout.tensors()) {
                const StoredRows stored = stored_rows(tensor);
                for (std::size_t r = 0; has_levels(tensor) && r < stored.rows; ++r, ++row) {
                    CHECK(rounding.steps()[row] > 0.0F);
                    if (half[row] > 0.0F) {
                        CHECK(rounding.steps()[row] == half[row]);
                        const std::size_t at = tensor.offset + r * stored.row_stride;
                        CHECK(model.weights[at] == before[at]);
                    }
                }
            }
            const StoredModel stored =
                decode_model(encode_model(model, WeightFormatId::trellis, nullptr), "test");
            for (const Tensor& tensor : exact.layout.tensors()) {
                if (has_levels(tensor)) {
                    const auto read = stored.model.view(tensor);
                    CHECK(std::equal(read.begin(), read.end(), std::as_const(model).view(tensor).begin()));
                }
            }
        }
    }
}

TEST_CASE("rounding: a fresh network can be rounded too, and what cannot be reached is as small as it gets") {
    Model zeros(test::tiny_config(Architecture::modern, 64));
    Rounding rounding(zeros);
    const Curvature none = curvature_of(zeros, test::random_symbols(64 * 20, 64, 3));
    CHECK(rounding.advance(zeros, none, 1.0, 4.0) <= 4.0);
    Model vanilla = test::tiny_noisy(Architecture::vanilla);
    Rounding hopeless(vanilla);
    const Curvature curvature = curvature_of(vanilla, test::random_symbols(64 * 20, 64, 3));
    CHECK(hopeless.advance(vanilla, curvature, 1.0, 0.01) > 0.01);
    CHECK(stored_bits(vanilla) < 3.0);
    Model broken = vanilla;
    broken.weights[0] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_AS((void)Rounding(broken).advance(broken, curvature, 1.0, 4.0), Error);
}

TEST_CASE("rounding: threads and instruction sets change no bit of a rounded training") {
    std::vector<Floats> seen;
    for (const std::size_t threads : {1, 3}) {
        const test::Threads count(threads);
        for (const kernels::Isa isa : kernels::available_isas()) {
            const test::IsaScope scope(isa);
            Learner learner(test::tiny_noisy(Architecture::modern), options());
            train_steps(learner, 0, 2);
            (void)learner.round_rows(0.5, 4.0, test::random_symbols(64 * 20, 64, 3));
            train_steps(learner, 2, 5);
            (void)learner.round_rows(1.0, 4.0, test::random_symbols(64 * 20, 64, 3));
            seen.push_back(learner.model().weights);
            CHECK(seen.back() == seen.front());
        }
    }
}

TEST_CASE("rounding: a learner's steps move the rows that are not rounded, and can be resumed") {
    Learner learner(test::tiny_noisy(Architecture::modern), options());
    CHECK_FALSE(learner.rounds());
    train_steps(learner, 0, 2);
    (void)learner.round_rows(0.5, 4.0, test::random_symbols(64 * 20, 64, 3));
    CHECK(learner.rounds());
    const Floats before = learner.model().weights;
    train_steps(learner, 2, 4);
    std::size_t moved = 0;
    std::size_t row = 0;
    for (const Tensor& tensor : learner.model().layout.tensors()) {
        const StoredRows stored = stored_rows(tensor);
        for (std::size_t r = 0; has_levels(tensor) && r < stored.rows; ++r, ++row) {
            const std::size_t at = tensor.offset + r * stored.row_stride;
            const bool moves = learner.model().weights[at] != before[at];
            moved += moves ? 1 : 0;
            CHECK_FALSE((moves && learner.row_steps()[row] > 0.0F));
        }
    }
    CHECK(moved > 0);

    Learner other(test::tiny_noisy(Architecture::modern), options());
    other.restore(learner.model().weights, learner.moments(), learner.row_steps());
    CHECK(other.model().weights == learner.model().weights);
    for (Learner* const each : {&learner, &other}) {
        train_steps(*each, 4, 6);
        (void)each->round_rows(1.0, 4.0, test::random_symbols(64 * 20, 64, 3));
    }
    CHECK(other.model().weights == learner.model().weights);
    CHECK(stored_bits(learner.model()) <= 4.0);
    // Coding with the stored weights changes nothing in the matrices.
    const Floats whole = learner.model().weights;
    learner.with_coding_weights(WeightFormatId::trellis, [](const PackedModel&) {});
    CHECK(learner.model().weights == whole);
    // Without the steps all weights move again.
    other.restore(learner.model().weights, learner.moments());
    CHECK_FALSE(other.rounds());
}
