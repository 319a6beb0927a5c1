#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/train/learning_rate.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/run_warnings.hpp"
#include "bitlaw/train/train_fields.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::train;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

template <class Change>
std::string refusal(Change change) {
    TrainOptions options = test::tiny_options("data", "out", 10);
    change(options);
    return message_of<UsageError>([&] { check_options(options); });
}

}  // namespace

TEST_CASE("options without sense are refused by name") {
    CHECK(refusal([](TrainOptions&) {}).empty());
    CHECK(holds(refusal([](TrainOptions& o) { o.data.clear(); }), "training data"));
    CHECK(holds(refusal([](TrainOptions& o) { o.out.clear(); }), "folder"));
    CHECK(holds(refusal([](TrainOptions& o) { o.tokens = (std::uint64_t{1} << 56) + 1; }), "tokens is"));
    CHECK(holds(refusal([](TrainOptions& o) { o.minutes = 1; }), "both tokens and minutes"));
    CHECK(holds(refusal([](TrainOptions& o) { o.batch_tokens = 0; }),
                "batch_tokens is 0, but must lie in 1 .. 4294967296"));
    CHECK(holds(refusal([](TrainOptions& o) { o.learning_rate = -1; }),
                "learning_rate is -1, but must lie in 0 .. 1000"));
    CHECK(holds(refusal([](TrainOptions& o) { o.learning_rate = std::numeric_limits<double>::quiet_NaN(); }),
                "learning_rate is nan"));
    CHECK(holds(refusal([](TrainOptions& o) { o.warmup = 1.5; }), "warmup is 1.5, but must lie in 0 .. 1"));
    CHECK(holds(refusal([](TrainOptions& o) { o.decay = -0.5; }), "decay is -0.5"));
    CHECK(holds(refusal([](TrainOptions& o) { o.beta1 = 1; }), "beta1 is 1, but"));
    CHECK(holds(refusal([](TrainOptions& o) { o.beta2 = 1; }), "beta2 is 1, but"));
    CHECK(holds(refusal([](TrainOptions& o) { o.epsilon = 0; }), "epsilon is 0, but"));
    CHECK(holds(refusal([](TrainOptions& o) { o.weight_decay = -1; }), "weight_decay is -1"));
    CHECK(holds(refusal([](TrainOptions& o) { o.clip = -1; }), "clip is -1"));
    CHECK(holds(refusal([](TrainOptions& o) {
                    o.minutes = -1;
                    o.tokens = 0;
                }),
                "minutes is -1"));
    CHECK(holds(refusal([](TrainOptions& o) { o.validation_bytes = 31; }), "at least the context of 32"));
    CHECK(refusal([](TrainOptions& o) {
              o.tokens = 0;
              o.resume = true;
          }).empty());
    CHECK(holds(
        refusal([](TrainOptions& o) { o.batch_tokens = 5'000'000; }),
        "one step of 5,000,000 bytes, the batch tokens, is more than the whole budget of 1,280 tokens"));
    CHECK(holds(
        refusal([](TrainOptions& o) { o.batch_tokens = o.tokens = 20; }),
        "one step of 32 bytes, one sequence of the context, is more than the whole budget of 20 tokens"));
    CHECK(refusal([](TrainOptions& o) { o.batch_tokens = o.tokens = 30; }).empty());  // nearly
    const auto with_adamw = [](TrainOptions& o) { o.optimizer = Optimizer::adamw; };
    CHECK(refusal(with_adamw).empty());
    CHECK(holds(refusal([&](TrainOptions& o) {
                    with_adamw(o);
                    o.matrix_learning_rate = 0.1;
                }),
                "are Muon's"));
    CHECK(holds(refusal([&](TrainOptions& o) {
                    with_adamw(o);
                    o.momentum = 0.5;
                }),
                "are Muon's"));
}

TEST_CASE("what cannot be done as asked is told before the work begins") {
    const test::TemporaryFolder folder;
    test::write_text(folder / "v", std::string(1000, 'x'));
    test::write_text(folder / "w", std::string(1000, 'y'));
    const std::string v = (folder / "v").string();
    const Corpus validation({v});
    const auto told = [&](auto change, const Corpus& held, const Corpus& training) {
        TrainOptions options = test::tiny_options("data", "out", 100);
        change(options);
        std::string all;
        for (const std::string& text : run_warnings(options, resolve_run(options, held, 0), training, held)) {
            all += text + "\n";
        }
        return all;
    };
    const auto warnings = [&](auto change) { return told(change, validation, validation); };
    CHECK(warnings([](TrainOptions&) {}).empty());
    CHECK(holds(warnings([](TrainOptions& o) { o.batch_tokens = 140; }),
                "a step has 128 bytes, whole sequences of 32, and not the 140 of the batch"));
    CHECK(holds(warnings([](TrainOptions& o) { o.batch_tokens = 7; }), "a step has 32 bytes"));
    CHECK(warnings([](TrainOptions& o) { o.tokens -= 100; }).empty());
    CHECK(holds(warnings([](TrainOptions& o) { o.tokens = 250; }),
                "the run has 128 bytes, 1 step of 128, and not the 250 asked for"));
    CHECK(holds(warnings([](TrainOptions& o) { o.tokens = 120; }), "the run has 128 bytes, 1 step"));
    CHECK(holds(warnings([](TrainOptions& o) { o.micro_batch_tokens = 9; }),
                "micro-batches have 32 bytes, a whole sequence, and not the 9"));
    CHECK(holds(warnings([](TrainOptions& o) { o.micro_batch_tokens = 100'000; }),
                "micro-batches have 4,096 bytes"));
    CHECK(warnings([](TrainOptions& o) { o.micro_batch_tokens = 64; }).empty());
    CHECK(holds(warnings([](TrainOptions& o) { o.warmup = 0.001; }),
                "the warm-up of 0.001 is no whole step of 100"));
    CHECK(holds(warnings([](TrainOptions& o) { o.decay = 0.001; }), "the decay of 0.001 is no whole step"));
    CHECK(warnings([](TrainOptions& o) { o.decay = 0; }).empty());
    CHECK(holds(warnings([](TrainOptions& o) { o.warmup = 0.5; }), "reaches 67 % of its peak"));
    CHECK(holds(warnings([](TrainOptions& o) { o.validation_bytes = 2000; }),
                "whole sequences of 992 bytes, and not the 2,000 asked for"));
    CHECK(warnings([](TrainOptions& o) { o.validation_bytes = 1000; }).empty());
    CHECK(warnings([](TrainOptions& o) { o.validation_bytes = TrainOptions{}.validation_bytes; }).empty());
    CHECK(holds(warnings([](TrainOptions& o) { o.validate_every = 101; }), "validated at its end only"));
    const Corpus none({});
    CHECK(holds(told([](TrainOptions&) {}, none, validation), "there are no validation data"));
    const Corpus weighted({v + ":1", (folder / "w").string() + ":0.001"});
    CHECK(holds(told(
                    [](TrainOptions& o) {
                        o.data = {"v:1", "w:0.001"};
                    },
                    validation, weighted),
                "w:0.001 is hardly read: its share of the run's 400 sequences is less than one"));
}

TEST_CASE("a run that ends worse than no model, or worse than it began, is in trouble") {
    ModelConfig config = test::tiny_config(Architecture::modern);
    CHECK(trouble_of(config, 2.0, 8.0, 2.1).empty());
    CHECK(trouble_of(config, 8.0, 8.0, 0.0).empty());
    CHECK(trouble_of(config, 7.9, 0.0, 8.0).empty());
    CHECK(holds(trouble_of(config, 9.5, 8.0, 2.0),
                "ended at 9.5000 bits/byte in training, more than the 8 of no model"));
    CHECK(holds(trouble_of(config, std::numeric_limits<double>::infinity(), 8.0, 2.0), "more than the 8"));
    CHECK(holds(trouble_of(config, std::numeric_limits<double>::quiet_NaN(), 8.0, 2.0), "more than the 8"));
    CHECK(holds(trouble_of(config, 5.5, 5.0, 2.0), "above the 5.0000 bits/byte that it began with"));
    CHECK(holds(trouble_of(config, 2.0, 8.0, 8.1), "8.1000 bits/byte of the validation data"));
    config.alphabet = 2;
    CHECK(holds(trouble_of(config, 1.5, 0.0, 0.0), "more than the 1 of no model"));
}

TEST_CASE("a plan has whole sequences, whole steps and resolved defaults") {
    const test::TemporaryFolder folder;
    test::write_text(folder / "v", std::string(1000, 'x'));
    const Corpus validation({(folder / "v").string()});
    TrainOptions options = test::tiny_options("data", "out", 10);
    options.batch_tokens = 100;
    options.tokens = 1000;
    options.validation_bytes = 500;
    ResolvedRun run = resolve_run(options, validation, 0);
    CHECK(run.step_sequences == 3);
    CHECK(run.step_tokens() == 96);
    CHECK(run.steps == 10);
    CHECK(run.bytes() == 960);
    CHECK(run.validation_sequences == 15);
    CHECK(run.options.validate_every == 8 * 15 / 3);
    CHECK(run.options.learning_rate == default_learning_rate(options.config, 1000));
    options.batch_tokens = 1;
    options.tokens = 1;
    options.validation_bytes = 10'000;
    run = resolve_run(options, validation, 0);
    CHECK(run.step_sequences == 1);
    CHECK(run.steps == 1);
    CHECK(run.validation_sequences == 31);
    CHECK(validation_interval(run, 0, 101) == 8 * 31);
    CHECK(validation_interval(run, 0, 10'001) == 501);
    CHECK(validation_interval(run, 7, 101) == 7);
    CHECK(resolve_run(options, validation, 55).steps == 55);
    CHECK(resolve_run(options, Corpus({}), 5).validation_sequences == 0);
    CHECK(resolve_run(options, Corpus({}), 5).options.validate_every == 0);
    options.tokens = 0;
    CHECK(resolve_run(options, Corpus({}), 0).steps ==
          kTokensPerParameter * parameter_count(network_spec(options.config)) / run.step_tokens());
    options.minutes = 1;
    CHECK(resolve_run(options, Corpus({}), 0).steps == 0);  // for calibration to find
}

TEST_CASE("a run that is asked for as it was resolved is the same run") {
    const test::TemporaryFolder folder;
    test::write_text(folder / "v", std::string(1000, 'x'));
    const Corpus validation({(folder / "v").string()});
    for (const Optimizer optimizer : {Optimizer::automatic, Optimizer::adamw, Optimizer::muon}) {
        TrainOptions options = test::tiny_options("data", "out", 10);
        options.optimizer = optimizer;
        options.batch_tokens = 100;
        options.tokens = 12'345;
        const ResolvedRun run = resolve_run(options, validation, 0);
        const ResolvedRun again = resolve_run(run.options, validation, 0);
        CHECK(again.steps == run.steps);
        for (const Field<TrainOptions>& field : train_fields()) {
            CAPTURE(field.info.name);
            CHECK(field.write(again.options) == field.write(run.options));
        }
        // As files hold it, too.
        TrainOptions read;
        read.config = run.options.config;
        for (const Field<TrainOptions>& field : train_fields()) {
            if (const Words words = field.write(run.options); field.read && !words.empty()) {
                const std::vector<Setting> settings =
                    parse_settings(setting_line(field.info.name, words), "f");
                if (field.info.name != "minutes") {  // none was given
                    field.read(read, settings[0].words);
                }
            }
        }
        CHECK(record_text(resolve_run(read, validation, 0)) == record_text(run));
    }
}

TEST_CASE("the record holds what decides bits, and nothing else") {
    const Corpus none({});
    const TrainOptions options = test::tiny_options("data", "out", 10);
    const auto text = [&](const TrainOptions& changed) { return record_text(resolve_run(changed, none, 0)); };
    const auto difference = [&](auto change) {
        TrainOptions changed = options;
        change(changed);
        return first_difference(text(options), text(changed));
    };
    CHECK(holds(text(options), "beta2=0.95\n"));
    CHECK(difference([](TrainOptions& o) { o.out = "elsewhere"; }).empty());
    CHECK(difference([](TrainOptions& o) { o.micro_batch_tokens = 32; }).empty());
    CHECK(difference([](TrainOptions& o) { o.save_every = 3; }).empty());
    CHECK(difference([](TrainOptions& o) { o.command = "bitlaw"; }).empty());
    CHECK(difference([](TrainOptions& o) { o.seed = 2; }) == "seed");
    CHECK(difference([](TrainOptions& o) { o.tokens += 128; }) == "tokens");
    CHECK(difference([](TrainOptions& o) { o.config.arithmetic = Arithmetic::bf16; }) == "arithmetic");
    CHECK(difference([](TrainOptions& o) { o.config.cache = CachePrecision::fp32; }) == "cache");
    CHECK(difference([](TrainOptions& o) { o.weight_format = WeightFormatId::fp32; }) == "weight_format");
    CHECK(difference([](TrainOptions& o) { o.learning_rate = 0.5; }) == "learning_rate");
    CHECK(difference([](TrainOptions& o) { o.clip = 0; }) == "clip");
    CHECK(first_difference("a=1\n", "a=1\nb=2\n") == "b");
    CHECK(first_difference("a=1\nb=2\n", "a=1\n") == "b");
    CHECK(first_difference("", "").empty());
    CHECK(first_difference("model_precision=bf16\n", "") == "weight_format");
    // The bytes that released versions wrote.
    CHECK(text(options) ==
          "preset=tiny\nprecision=fp32\ncache=bf16\nmodel_precision=bf16\nseed=1\ntokens=1280\nbatch_tokens="
          "128\n"
          "learning_rate=0.14207\nmatrix_learning_rate=0.05112\nmomentum=0.95\nwarmup=0.02\ndecay=1\nbeta1=0."
          "9\n"
          "beta2=0.95\nepsilon=1e-08\nweight_decay=0.1\nclip=1\nvalidate_every=0\nvalidation_bytes=0\n");
}

TEST_CASE("a resumed run keeps its rates") {
    TrainOptions options = test::tiny_options("data", "out", 10);
    const std::string saved = "seed=1\nlearning_rate=0.25\nmatrix_learning_rate=0.125\n";
    CHECK(with_saved_rates(options, saved).learning_rate == 0.25);
    CHECK(with_saved_rates(options, saved).matrix_learning_rate == 0.125);
    CHECK(with_saved_rates(options, "learning_rate=0.25\n").matrix_learning_rate == 0.0);
    options.learning_rate = 0.5;
    options.matrix_learning_rate = 0.75;
    CHECK(with_saved_rates(options, saved).learning_rate == 0.5);
    CHECK(with_saved_rates(options, saved).matrix_learning_rate == 0.75);
}

TEST_CASE("default learning rates fall with width and bytes") {
    ModelConfig config;
    for (const auto& rate : {default_learning_rate, default_matrix_learning_rate}) {
        config.width = 64;
        const double small = rate(config, 1'000'000);
        CHECK(small == rate(config, 10));
        CHECK(small > rate(config, 10'000'000));
        CHECK(rate(config, 1'000'000'000) == rate(config, 1'000'000'000'000));
        // A power law: equal factors of the bytes are equal factors of the rate, but for its rounding.
        CHECK(rate(config, 4'000'000) / small ==
              doctest::Approx(rate(config, 16'000'000) / rate(config, 4'000'000)).epsilon(2e-3));
        CHECK(std::round(small * 1e5) == doctest::Approx(small * 1e5).epsilon(1e-12));
        config.width = 256;
        CHECK(rate(config, 1'000'000) < small);
    }
    config.architecture = Architecture::vanilla;
    CHECK(default_learning_rate(config, 1'000'000) == 5e-4);
    CHECK(default_learning_rate(config, 1'000'000'000) == 5e-4);
}
