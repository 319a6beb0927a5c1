#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/studies/study_plan.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/train/learning_rate.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::train;
using namespace bitlaw::studies;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

const std::string kSmall =
    "data = text   # a comment\n"
    "held_out = held\n"
    "\n"
    "train_on = 100K passes 1 4 2\n"
    "train_on = 200K\n"
    "train_on = 400K\n"
    "sizes = 8K 40K\n"
    "contexts = 64\n"
    "batch_bytes = 1024\n"
    "batch_power = 0\n"
    "share_within = 2\n";

StudyConfig parsed(const std::string& text) { return parse_study_config(text, "some/where.conf"); }

std::string complaint(const std::string& text) {
    return message_of<UsageError>([&] { (void)parsed(text); });
}

}  // namespace

TEST_CASE("a config is read, and its folder is named after it") {
    const StudyConfig config = parsed(kSmall);
    CHECK(config.data == "text");
    CHECK(config.folder == "some/where");
    CHECK(config.title == "where");
    REQUIRE(config.train_on.size() == 3);
    CHECK(config.train_on[0].passes == std::vector<std::uint64_t>{1, 2, 4});
    CHECK(config.train_on[1].unique == 200'000);
    CHECK(config.sizes == std::vector<std::uint64_t>{8000, 40000});
    CHECK(parsed(kSmall + "folder = a b\n").folder == "some/a b");
}

TEST_CASE("what is wrong in a config is told with its line") {
    CHECK(holds(complaint(kSmall + "colour = red\n"), "some/where.conf:12: there is no key 'colour'"));
    CHECK(holds(complaint(kSmall + "sizes = 9K\n"), "where.conf:12: sizes is given before, in line 7"));
    CHECK(holds(complaint(kSmall + "nonsense\n"), "where.conf:12: 'nonsense' is no line"));
    CHECK(holds(complaint(kSmall + "seeds = 1 1\n"), "where.conf:12: seeds: a value is given twice"));
    CHECK(holds(complaint(kSmall + "cooldown = 1.5\n"), "cooldown: '1.5' must be a number in"));
    CHECK(holds(complaint(kSmall + "title =\n"), "title has no value"));
    CHECK(holds(complaint(kSmall + "train_on = 1M 3\n"), "train_on: write the bytes"));
    CHECK(holds(complaint(kSmall + "compressors = arc\n"), "compressors: there is no compressor 'arc'"));
    CHECK(holds(complaint(kSmall + "train_on = 400000\n"), "two lines train_on have 400K bytes"));
    CHECK(holds(complaint("data = x\n"), "the key 'held_out' is missing"));
}

TEST_CASE("the rule's networks come near the size aimed at, and grow with it") {
    std::uint64_t before = 0;
    for (std::uint64_t size = 8000; size <= 4'000'000; size *= 2) {
        const ModelConfig config = study_network(StudyConfig{}, size, 512);
        const std::uint64_t parameters = parameter_count(config);
        CAPTURE(size);
        CAPTURE(parameters);
        CHECK(parameters > before);
        CHECK(std::abs(std::log(static_cast<double>(parameters) / static_cast<double>(size))) <
              std::log(1.25));
        before = parameters;
    }
    // 2 x 256 x 8 + 4 layers of 8 x (2 x 16 + 2 x 16) + 2 x 8 x 32.
    CHECK(parameter_count(study_network(StudyConfig{}, 8000, 512)) == 8192);
}

TEST_CASE("taps and rotary base are the config's, in the networks and in the rule") {
    const StudyPlan plain = make_study_plan(parsed(kSmall));
    const StudyPlan other = make_study_plan(parsed(kSmall + "taps = 3\nrotary_base = 1M\n"));
    const ModelConfig before = plain.trunks.front().config;
    const ModelConfig after = other.trunks.front().config;
    CHECK(before.taps == 0);
    CHECK(before.rotary_base == 10'000);
    CHECK(after.taps == 3);
    CHECK(after.rotary_base == 1'000'000);
    CHECK(parameter_count(after) == parameter_count(before) + 3 * before.width);
    CHECK(holds(study_network_rule(other.config), "rotary base 1000000; taps 3"));
    CHECK(holds(complaint(kSmall + "taps = 17\n"), "taps: '17' must lie in 0 .. 16"));
}

TEST_CASE("a run's operations are counted exactly, attention included") {
    const StudyPlan plan = make_study_plan(parsed(kSmall));
    for (const StudyTrunk& trunk : plan.trunks) {
        const ModelConfig& c = trunk.config;
        // By hand: 2 operations a weight and byte of the products, and for each query 2 HD for its scores and
        // 2 HD for its values with each of the keys in the window, half the context; backward costs twice as
        // much again.
        const double hd = c.heads * c.head_width;
        const double kv = c.kv_heads * c.head_width;
        const double layer = c.width * (2 * hd + 2 * kv) + 2.0 * c.width * c.hidden;
        double sequence = 0;
        for (std::uint32_t t = 0; t < c.context; ++t) {
            sequence +=
                2 * (c.layers * layer + c.width * 256.0) + c.layers * 4 * hd * std::min(t + 1, c.context / 2);
        }
        for (const StudyRun& run : trunk.runs) {
            CAPTURE(run.id);
            CHECK(run.bytes % c.context == 0);
            CHECK(run.flops == 3 * sequence * static_cast<double>(run.bytes / c.context));
        }
    }
}

TEST_CASE("runs share trunks where the schedule allows, and pay only for what is new") {
    const StudyPlan plan = make_study_plan(parsed(kSmall));
    CHECK(plan.runs() == 2 * 5);
    REQUIRE(plan.trunks.size() == 2 * 2);
    std::set<std::string> ids;
    double spent_before = 0;
    for (const StudyTrunk& trunk : plan.trunks) {
        CHECK(trunk.spent_flops() >= spent_before);  // cheapest first
        spent_before = trunk.spent_flops();
        std::uint64_t trunk_steps = 0;
        double alone = 0;
        for (const StudyRun& run : trunk.runs) {
            CHECK(ids.insert(run.id).second);
            CHECK(run.branch_step == run.steps - run.steps / 5);
            const double step = run.flops / static_cast<double>(run.steps);
            CHECK(run.spent_flops == doctest::Approx(step * static_cast<double>(run.steps - trunk_steps)));
            trunk_steps = run.branch_step;
            alone += run.flops;
        }
        CHECK(trunk.spent_flops() < alone);
    }
    const StudyTrunk& passes = plan.trunks[1];
    REQUIRE(passes.runs.size() == 3);
    CHECK(passes.runs[0].id == "n8K-u100K-p1-k64-s1");
    CHECK(passes.runs[2].unique == 100'000);
    CHECK(passes.runs[2].bytes == 400'000 / 1024 * 1024);
    CHECK(passes.data_bytes == 100'000);
    // Without sharing every amount of one pass is trained alone.
    std::string alone = kSmall;
    alone.replace(alone.find("share_within = 2"), 16, "share_within = 1");
    CHECK(make_study_plan(parsed(alone)).trunks.size() == 2 * 3);
}

TEST_CASE("limits leave runs out and say so") {
    StudyConfig config = parsed(kSmall + "seeds = 1 2\n");
    const StudyPlan all = make_study_plan(config);
    CHECK(all.runs() == 20);
    double most = 0;
    for (const StudyTrunk& trunk : all.trunks) {
        for (const StudyRun& run : trunk.runs) {
            most = std::max(most, run.flops);
        }
    }
    config.most_flops = 0.99 * most;
    config.all_seeds_to_flops = 0.1 * most;
    const StudyPlan fewer = make_study_plan(config);
    CHECK(fewer.runs() < all.runs());
    REQUIRE(fewer.left_out.size() == 2);  // the 40K network on 400K bytes, once and in 4 passes
    CHECK(fewer.left_out[0].id == "n40K-u100K-p4-k64-s1");
    for (const StudyTrunk& trunk : fewer.trunks) {
        for (const StudyRun& run : trunk.runs) {
            CHECK(run.flops <= (trunk.seed == 1 ? config.most_flops : config.all_seeds_to_flops));
        }
    }
}

TEST_CASE("batch and learning rate follow their rules") {
    StudyConfig config = parsed(kSmall);
    config.batch_bytes = 4096;
    config.batch_power = 0.5;
    CHECK(study_batch(config, 10'000'000, 512) == 4096);
    CHECK(study_batch(config, 2'500'000, 512) == 2048);
    CHECK(study_batch(config, 160'000'000, 512) == 16384);
    CHECK(study_batch(config, 1000, 512) == 512);
    ModelConfig network = study_network(StudyConfig{}, 200'000, 512);
    CHECK(study_learning_rate(config, network, 4096, 10'000'000) ==
          doctest::Approx(default_learning_rate(network, 10'000'000)).epsilon(1e-12));
    config.learning_rate = 0.01;
    config.rate_bytes_power = -0.1;
    CHECK(study_matrix_rate(network, 3.0 * default_learning_rate(network, 5'000'000), 5'000'000) ==
          doctest::Approx(3.0 * default_matrix_learning_rate(network, 5'000'000)).epsilon(1e-12));
    network.width = 256;
    CHECK(study_learning_rate(config, network, 1024, 100'000'000) ==
          doctest::Approx(0.01 * 0.5 * 0.5 * std::pow(10.0, -0.1)).epsilon(1e-12));
}

TEST_CASE("limits change neither batch nor rates nor warm-up: the seeds of a cell agree") {
    const StudyPlan plan = make_study_plan(
        parsed("data = text\nheld_out = held\ntrain_on = 1M passes 2 4 8\ntrain_on = 10M passes 1 2 4\n"
               "train_on = 32M\ntrain_on = 100M\nshare_within = 4\nsizes = 8K 130K 800K\nseeds = 1 2\n"
               "all_seeds_to_flops = 2e13\nmost_flops = 3e14\n"));
    REQUIRE_FALSE(plan.left_out.empty());
    using Settings = std::tuple<std::uint64_t, double, double, std::uint64_t, std::uint64_t>;
    std::map<std::pair<std::uint64_t, std::string>, Settings>
        cells;  // parameters, and passes over which bytes
    std::size_t shared = 0;
    bool is_cut = false;
    for (const StudyTrunk& trunk : plan.trunks) {
        is_cut = is_cut || trunk.runs.back().steps < trunk.steps;
        for (const StudyRun& run : trunk.runs) {
            CAPTURE(run.id);
            const Settings settings{trunk.batch_bytes, trunk.learning_rate, trunk.matrix_learning_rate,
                                    trunk.warmup_steps, trunk.data_bytes};
            const auto [cell, is_new] =
                cells.try_emplace({trunk.size, run.id.substr(0, run.id.rfind("-s"))}, settings);
            CHECK(cell->second == settings);
            shared += is_new ? 0 : 1;
        }
    }
    CHECK(is_cut);  // some trunk ends before the longest run of its group
    CHECK(shared > 5);
}

TEST_CASE("sizes that come out as one network are refused") {
    std::string text = kSmall;
    text.replace(text.find("sizes = 8K 40K"), 14, "sizes = 8K 8.2K 40K");
    CHECK(holds(message_of<UsageError>([&] { (void)make_study_plan(parsed(text)); }),
                "the sizes 8K and 8.2K come out as the same network of 8192 parameters"));
}

TEST_CASE("the recipe changes with whatever changes the result, and with nothing else") {
    const test::TemporaryFolder folder;
    const std::string text = test::random_text(400'000, 1);
    test::write_text(folder / "text", text);
    test::write_text(folder / "held", test::random_text(5000, 2));
    const auto recipe_of = [&](const StudyConfig& config) {
        StudyPlan plan = make_study_plan(config);
        CHECK(plan.trunks[1].runs[0].recipe.empty());
        add_recipes(plan, {(folder / "text").string(), (folder / "held").string()});
        return plan.trunks[1].runs[0].recipe;
    };
    const std::string recipe = recipe_of(parsed(kSmall));
    StudyConfig same = parsed(kSmall);
    same.bootstrap = 77;
    same.data = "/elsewhere/text";
    CHECK(recipe_of(same) == recipe);
    for (double StudyConfig::*field : {&StudyConfig::warmup, &StudyConfig::weight_decay,
                                       &StudyConfig::cooldown, &StudyConfig::rate_batch_power}) {
        StudyConfig other = parsed(kSmall);
        other.*field *= 1.1;
        CHECK(recipe_of(other) != recipe);
    }
    CHECK(recipe_of(parsed(kSmall + "mix = none\n")) == recipe);
    CHECK(recipe_of(parsed(kSmall + "mix = full\n")) != recipe);
    CHECK_THROWS_AS((void)parsed(kSmall + "mix = best\n"), UsageError);
    // It reads the first 100,000 bytes, so those behind them decide nothing.
    for (const std::size_t place : {std::size_t{399'999}, std::size_t{99'999}}) {
        std::string changed = text;
        changed[place] = 'x';
        test::write_text(folder / "text", changed);
        CHECK((recipe_of(parsed(kSmall)) == recipe) == (place == 399'999));
    }
    test::write_text(folder / "text", text);
    CHECK(recipe_of(parsed(kSmall)) == recipe);
    test::write_text(folder / "held", test::random_text(5000, 3));
    CHECK(recipe_of(parsed(kSmall)) != recipe);
}

TEST_CASE("runs too short for their schedule are refused") {
    CHECK(holds(message_of<UsageError>([] {
                    StudyConfig config = parsed(kSmall);
                    config.batch_bytes = 65536;
                    (void)make_study_plan(config);
                }),
                "make batch_bytes smaller"));
}
