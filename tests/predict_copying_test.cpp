#include <doctest/doctest.h>

#include <cmath>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/predict/copying.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using test::noisy_model;
using test::tiny_config;

TEST_CASE("the copy score is the same for any number of threads, and none without letters") {
    const std::size_t before = thread_count();
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const StoredModel stored = noisy_model(tiny_config(architecture), 3);
        const PackedModel packed(stored.model, PackFor::inference);
        set_thread_count(1);
        const std::optional<CopyScore> one = copy_score(packed);
        set_thread_count(3);
        const std::optional<CopyScore> three = copy_score(packed);
        REQUIRE(one);
        REQUIRE(three);
        CHECK(one->new_bits_per_byte == three->new_bits_per_byte);
        CHECK(one->repeated_bits_per_byte == three->repeated_bits_per_byte);
        set_thread_count(before);
        CHECK(one->value() == one->repeated_bits_per_byte - one->new_bits_per_byte);
    }
    const StoredModel digits = noisy_model(tiny_config(Architecture::modern, 100), 3);
    CHECK_FALSE(copy_score(PackedModel(digits.model, PackFor::inference)));
}

TEST_CASE("a model that predicts all symbols alike pays 8 bits for new and for repeated words") {
    // The output starts at zero, so nothing that it has read matters.
    const Model model = initial_model(tiny_config(Architecture::modern), 1);
    const std::optional<CopyScore> score = copy_score(PackedModel(model, PackFor::inference));
    REQUIRE(score);
    CHECK(score->new_bits_per_byte == doctest::Approx(8.0).epsilon(1e-4));
    CHECK(score->value() == doctest::Approx(0.0));
}
