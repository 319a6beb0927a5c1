#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/quantised_rows.hpp"
#include "bitlaw/model/stored_weights.hpp"
#include "support/message.hpp"
#include "support/reseal.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

Model noisy(double size) {
    Model model = initial_model(test::tiny_config(Architecture::modern), 3);
    Random random(4);
    for (float& weight : model.weights) {
        weight = static_cast<float>(size * random.normal());
    }
    return model;
}

void check_forged_files(WeightFormatId format) {
    const Model model = noisy(0.1);
    const Bytes whole = encode_model(model, format, nullptr);
    const StoredModel read = decode_model(whole, "the file");
    CHECK(read.format == format);
    CHECK(encode_model(read.model, format, nullptr) == whole);
    int refused = 0;
    int read_again = 0;
    Random random(9);
    for (int trial = 0; trial < 200; ++trial) {
        Bytes forged = whole;
        const std::size_t at = forged.size() - 9 - random.below(forged.size() / 2);
        forged[at] = static_cast<std::uint8_t>(forged[at] + 1 + random.below(255));
        try {
            const StoredModel other = decode_model(test::resealed_model(forged), "the file");
            // What is read is exactly what is written.
            CHECK(encode_model(other.model, format, nullptr) == test::resealed_model(forged));
            ++read_again;
        } catch (const Error& error) {
            CHECK(holds(error.what(), "the file"));
            ++refused;
        }
    }
    CHECK(refused + read_again == 200);
    CHECK(refused > 100);
}

}  // namespace

TEST_CASE("quantised rows: steps are m * 2^(e - 30), and the nearest one is found") {
    for (std::size_t index = 0; index < kSteps; ++index) {
        CAPTURE(index);
        const double expected =
            static_cast<double>(8 + index % 8) * std::exp2(static_cast<double>(index / 8) - 30.0);
        CHECK(double{step_at(index)} == expected);
        CHECK(nearest_step(expected) == index);
        CHECK(nearest_step(expected * 1.01) == index);
        CHECK(nearest_step(expected * 0.99) == index);
    }
    CHECK(nearest_step(0.0) == 0);
    CHECK(nearest_step(1e9) == kSteps - 1);
    CHECK(nearest_step(std::nan("")) == 0);
}

TEST_CASE("quantised rows: a row is recognised by its largest step, whatever it was made with") {
    for (std::size_t step = 8; step < kSteps - 8; step += 5) {
        CAPTURE(step);
        std::vector<float> row;
        for (const int level : {3, -1, 0, 4095, -4095, 2}) {
            row.push_back(static_cast<float>(level) * step_at(step));
        }
        const auto found = quantised_row(row);
        REQUIRE(found);
        CHECK(found->step == step);
        CHECK(level_of(row[1], step) == -1);
        CHECK(level_of(row[3], step) == 4095);
        // Even levels are levels of twice the step.
        for (float& weight : row) {
            weight *= 2.0F;
        }
        CHECK(quantised_row(row)->step == step + 8);
    }
    const std::vector<float> zeros(5);
    CHECK(quantised_row(zeros)->step == 0);
    const std::vector<float> odd{1.0F, 1.0F / 3.0F};
    CHECK_FALSE(quantised_row(odd));
    const std::vector<float> far{0x1p-20F, 1.0F};
    CHECK_FALSE(quantised_row(far));
}

TEST_CASE("quantised rows: rounding goes to the nearest level, halves away from zero, and is cut") {
    std::vector<float> row{0.49F, 0.5F, -0.5F, -0.49F, 1e9F, -0.0F};
    const std::size_t one = nearest_step(1.0);
    REQUIRE(step_at(one) == 1.0F);
    round_row(row, one);
    CHECK(row == std::vector<float>{0.0F, 1.0F, -1.0F, 0.0F, 4095.0F, 0.0F});
    CHECK_FALSE(std::signbit(row[3]));
}

TEST_CASE("quantised weights: small, near, and as good as a Gaussian's entropy allows") {
    Model model = noisy(0.3);
    const Bytes bytes = weight_bytes(model, WeightFormatId::quantised);
    Model rounded = model;
    round_weights(rounded, WeightFormatId::quantised);
    for (const Tensor& tensor : model.layout.tensors()) {
        if (tensor.rows == 1) {
            continue;
        }
        const bool outer = tensor.group == Group::table || tensor.group == Group::output;
        for (std::size_t i = 0; i < tensor.size(); ++i) {
            const double error = model.weights[tensor.offset + i] - rounded.weights[tensor.offset + i];
            // Half a step: 0.1 or 0.05 of the row's rms, which is at most three times the mean one.
            CHECK(std::abs(error) < 0.5 * 1.1 * 3.0 * 0.3 * (outer ? 0.05 : 0.10));
        }
    }
    // 0.5 log2(2 pi e) - log2(0.1) = 5.4 bits, and 6.4 of embedding and output; adapting costs some more.
    CHECK(8.0 * static_cast<double>(bytes.size()) / static_cast<double>(model.layout.size) < 7.2);
}

TEST_CASE("quantised weights: files of other levels, too short ones and long ones are refused") {
    check_forged_files(WeightFormatId::quantised);
}

TEST_CASE("trellis weights: files of other levels, too short ones and long ones are refused") {
    check_forged_files(WeightFormatId::trellis);
}

TEST_CASE("trellis weights: fewer bits than quantised ones for a smaller error") {
    const Model model = noisy(0.3);
    double error[2] = {};
    std::size_t bytes[2] = {};
    for (const int i : {0, 1}) {
        const WeightFormatId format = i == 0 ? WeightFormatId::quantised : WeightFormatId::trellis;
        Model rounded = model;
        round_weights(rounded, format);
        bytes[i] = weight_bytes(model, format).size();
        for (std::size_t at = 0; at < model.weights.size(); ++at) {
            const double difference = model.weights[at] - rounded.weights[at];
            error[i] += difference * difference;
        }
        Model again = rounded;
        round_weights(again, format);
        CHECK(again.weights == rounded.weights);
    }
    CHECK(error[1] < error[0]);
    CHECK(bytes[1] < bytes[0]);
}
