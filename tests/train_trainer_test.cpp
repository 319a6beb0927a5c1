#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/learn/rounding.hpp"
#include "bitlaw/train/training_state.hpp"
#include "support/hostile_float_state.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using namespace bitlaw::learn;
using namespace bitlaw::train;
using bitlaw::test::file_bytes;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::tiny_options;
using bitlaw::test::train_quietly;

namespace {

// A folder with data and the outputs of any number of runs.
class Runs {
   public:
    Runs() { test::write_text(folder_ / "data", test::random_text(8000, 1)); }
    [[nodiscard]] TrainOptions options(const std::string& out, std::uint64_t steps,
                                       std::uint64_t batch = 4) const {
        return tiny_options(folder_ / "data", folder_ / out, steps, batch);
    }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] Bytes model(const std::string& out) const { return file_bytes(folder_ / out / kModelFile); }
    [[nodiscard]] Bytes state(const std::string& out) const { return file_bytes(folder_ / out / kStateFile); }
    [[nodiscard]] std::string text(const std::string& name) const {
        const Bytes bytes = file_bytes(folder_ / name);
        return {bytes.begin(), bytes.end()};
    }
    // Everything of metrics.csv but the two columns of time.
    [[nodiscard]] std::string rows(const std::string& out) const {
        std::istringstream lines(text(out + "/metrics.csv"));
        std::string rows;
        for (std::string line; std::getline(lines, line);) {
            const std::size_t score = line.rfind(',');
            const std::size_t times = line.rfind(',', line.rfind(',', score - 1) - 1);
            rows += line.substr(0, times) + line.substr(score) + '\n';
        }
        return rows;
    }
    [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(folder_ / name); }

   private:
    TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a run stopped and resumed gives the bytes of a straight run") {
    const Runs runs;
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        CAPTURE(static_cast<int>(architecture));
        const std::string name = std::to_string(static_cast<int>(architecture));
        const auto options = [&](const std::string& out) {
            TrainOptions result = runs.options(out + name, 20);
            result.config = test::tiny_config(architecture, 2);
            result.validate_every = 3;
            return result;
        };
        const TrainResult straight = train_quietly(options("straight"));
        TrainOptions halved = options("halved");
        halved.stop_after_steps = 10;
        CHECK(holds(message_of<Stopped>([&] { train_quietly(halved); }), "step 10 of 20"));
        CHECK_FALSE(runs.has("halved" + name + "/model.blm"));
        halved.stop_after_steps = 11;  // once more, right after the resume
        halved.resume = true;
        CHECK(holds(message_of<Stopped>([&] { train_quietly(halved); }), "step 11 of 20"));
        halved.stop_after_steps = 0;
        const TrainResult resumed = train_quietly(halved);
        CHECK(runs.model("halved" + name) == runs.model("straight" + name));
        CHECK(runs.state("halved" + name) == runs.state("straight" + name));
        CHECK(runs.rows("halved" + name) == runs.rows("straight" + name));
        CHECK(resumed.model_id == straight.model_id);
        CHECK(load_model(resumed.model_file).id == straight.model_id);
        CHECK(resumed.record.steps == 20);
        CHECK(resumed.record.tokens == 20 * 128);
    }
}

TEST_CASE("a run that rounds its weights can be stopped anywhere, and begin where another had not rounded") {
    const Runs runs;
    const auto options = [&](const std::string& out, double bits) {
        TrainOptions result = runs.options(out, 20);
        result.validate_every = 3;
        result.weight_bits = bits;
        result.weight_bits_from = 0.6;  // behind step 12
        return result;
    };
    const TrainResult straight = train_quietly(options("straight", 4));
    const StoredModel model = load_model(straight.model_file);
    CHECK(model.format == WeightFormatId::trellis);
    CHECK(8.0 * static_cast<double>(weight_bytes(model.model, model.format).size()) <=
          4.0 * static_cast<double>(model.model.layout.size));
    // What was measured at the end is what the file has.
    CHECK(load_state(runs / "straight" / kStateFile).row_steps.size() == rounded_rows(model.model.layout));

    for (const std::uint64_t stop : {5, 12, 13, 19}) {
        CAPTURE(stop);
        const std::string out = "halved" + std::to_string(stop);
        TrainOptions halved = options(out, 4);
        halved.stop_after_steps = stop;
        (void)message_of<Stopped>([&] { train_quietly(halved); });
        CHECK(load_state(runs / out / kStateFile).row_steps.empty() == (stop <= 12));
        halved.stop_after_steps = 0;
        halved.resume = true;
        train_quietly(halved);
        CHECK(runs.model(out) == runs.model("straight"));
        CHECK(runs.state(out) == runs.state("straight"));
        CHECK(runs.rows(out) == runs.rows("straight"));
    }
    // From a run without rounding, up to the step behind which weights are rounded.
    for (const std::uint64_t stop : {9, 12, 13}) {
        CAPTURE(stop);
        const std::string out = "branched" + std::to_string(stop);
        TrainOptions plain = options(out, 0);
        plain.stop_after_steps = stop;
        (void)message_of<Stopped>([&] { train_quietly(plain); });
        TrainOptions branched = options(out, 4);
        branched.resume = true;
        if (stop > 12) {
            CHECK(holds(message_of<UsageError>([&] { train_quietly(branched); }), "rounded from step 13"));
        } else {
            train_quietly(branched);
            CHECK(runs.model(out) == runs.model("straight"));
            CHECK(runs.state(out) == runs.state("straight"));
        }
    }
    TrainOptions other = options("halved13", 3);
    other.resume = true;
    CHECK(holds(message_of<UsageError>([&] { train_quietly(other); }), "same weight bits"));
    // At the end only: the weights of the run without rounding, rounded.
    TrainOptions last = options("last", 4);
    last.weight_bits_from = 1.0;
    train_quietly(last);
    train_quietly(options("plain", 0));
    CHECK(runs.model("last") != runs.model("plain"));
}

TEST_CASE("a run can begin with a model, whose id is in its record") {
    const Runs runs;
    const TrainResult first = train_quietly(runs.options("first", 6));
    TrainOptions options = runs.options("second", 4);
    options.from = first.model_file;
    options.weight_bits = 5;
    options.weight_bits_from = 0.5;
    const TrainResult second = train_quietly(options);
    CHECK(holds(load_model(second.model_file).record.options, "from=" + hex64(first.model_id)));
    CHECK(second.record.validation_bits_per_byte < first.record.validation_bits_per_byte + 0.2);
    options.out = runs / "halved";
    options.stop_after_steps = 2;
    (void)message_of<Stopped>([&] { train_quietly(options); });
    options.stop_after_steps = 0;
    options.resume = true;
    train_quietly(options);
    CHECK(runs.model("halved") == runs.model("second"));
    CHECK(runs.state("halved") == runs.state("second"));
    options.from = second.model_file;
    CHECK(holds(message_of<UsageError>([&] { train_quietly(options); }), "from"));
    options = runs.options("other", 4);
    options.from = first.model_file;
    options.config.hidden = 48;
    CHECK(holds(message_of<UsageError>([&] { train_quietly(options); }), "another network"));
}

TEST_CASE("a stop flag ends the run after the step, with a state that resumes") {
    const Runs runs;
    train_quietly(runs.options("straight", 8));
    std::atomic<bool> stop{false};
    const auto stop_at_5 = [&](const StepReport& report) { stop = report.step == 5; };
    CHECK(holds(message_of<Stopped>([&] { train::train(runs.options("stopped", 8), stop_at_5, stop); }),
                "step 5 of 8"));
    TrainOptions resumed = runs.options("stopped", 8);
    resumed.resume = true;
    resumed.tokens = 0;  // the length is in the state
    std::uint64_t first = 0;
    stop = false;
    train::train(
        resumed, [&](const StepReport& report) { first = first == 0 ? report.step : first; }, stop);
    CHECK(first == 6);
    CHECK(runs.state("stopped") == runs.state("straight"));
    CHECK(runs.model("stopped") == runs.model("straight"));
}

TEST_CASE("threads, instruction sets, micro-batches and a hostile host change no byte") {
    const test::MachineScope scope;
    const Runs runs;
    const auto options = [&](const std::string& out, std::uint64_t micro_batch) {
        TrainOptions result = runs.options(out, 2);
        result.config = test::tiny_config(Architecture::modern, 2);
        result.config.context = 256;
        result.config.window = 100;
        result.batch_tokens = 36 * 256;  // two leaves of 16 sequences and one of 4
        result.tokens = 2 * result.batch_tokens;
        result.micro_batch_tokens = micro_batch;
        return result;
    };
    set_thread_count(1);
    choose_isa(Isa::scalar);
    train_quietly(options("first", 0));
    const Bytes model = runs.model("first");
    const Bytes state = runs.state("first");
    for (const Isa isa : available_isas()) {
        choose_isa(isa);
        for (const std::size_t threads : {1, 2, 3}) {
            set_thread_count(threads);
            const std::uint64_t micro_batch = threads == 1 ? 1 : threads == 2 ? 5 * 256 + 7 : 1'000'000;
            CAPTURE(isa_name(isa));
            CAPTURE(threads);
            const std::string out = std::string(isa_name(isa)) + std::to_string(threads);
            {
                const test::HostileFloatState hostile;
                train_quietly(options(out, micro_batch));
            }
            CHECK(runs.model(out) == model);
            CHECK(runs.state(out) == state);
        }
    }
    TrainOptions seeded = options("seeded", 0);
    seeded.seed = 2;
    train_quietly(seeded);
    CHECK(runs.model("seeded") != model);
}

TEST_CASE("a step is the tree over leaves of plain gradients") {
    const ModelConfig config = test::tiny_config(Architecture::vanilla);
    const std::string text = test::random_text(3 * 4096, 4);
    const std::vector<Symbol> symbols(text.begin(), text.end());
    const LearnerOptions options{.adam = {.beta1 = 0.0, .beta2 = 0.0, .epsilon = 1.0, .weight_decay = 0.0},
                                 .clip = 0};
    Learner learner(initial_model(config, 1), options);
    REQUIRE(learner.leaf() == 128);
    const Model before = learner.model();
    const PackedModel packed(before, PackFor::training);
    Network network(packed);
    std::vector<Floats> leaves;
    double bits = 0.0;
    for (std::size_t leaf = 0; leaf < 3; ++leaf) {
        const auto piece = std::span(symbols).subspan(leaf * 4096, 4096);
        learner.add_leaf(piece, 1e-3F);
        bits += network.gradient({.symbols = piece, .sequences = 128, .positions = 32}, 1e-3F,
                                 leaves.emplace_back(before.layout.size));
    }
    const StepOutcome outcome = learner.update(0.0);
    CHECK(outcome.bits == doctest::Approx(bits).epsilon(1e-12));
    CHECK(learner.model().weights == before.weights);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < before.layout.size; ++i) {
        // With both betas 0 the first moment is the gradient itself.
        const float sum = (leaves[0][i] + leaves[1][i]) + leaves[2][i];
        wrong += learner.moments().first[i] != sum ? 1 : 0;
    }
    CHECK(wrong == 0);
}

TEST_CASE("validation is what the stored model codes") {
    const Runs runs;
    TrainOptions options = runs.options("run", 6);
    double last = -1.0;
    std::size_t measured = 0;
    const std::atomic<bool> stop{false};
    options.validate_every = 4;
    const TrainResult result = train::train(
        options,
        [&](const StepReport& report) {
            measured += report.validation_bits_per_byte >= 0.0 ? 1 : 0;
            last = report.validation_bits_per_byte;
            CHECK((report.validation_bits_per_byte >= 0.0) == (report.step == 4 || report.step == 6));
        },
        stop);
    CHECK(measured == 2);
    CHECK(result.record.validation_bits_per_byte == last);
    const StoredModel stored = load_model(result.model_file);
    const PackedModel packed(stored.model, PackFor::inference);
    Network network(packed);
    const std::string text = test::random_text(8000, 1).substr(6000, 512);
    const std::vector<Symbol> symbols(text.begin(), text.end());
    CHECK(network.loss({.symbols = symbols, .sequences = 16, .positions = 32}) / 512.0 == last);
    CHECK(stored.record.validation_bits_per_byte == last);
    CHECK(stored.record.training[0].bytes == 6000);
    CHECK(stored.record.validation[0].begin == 6000);
    CHECK(holds(stored.record.options, "validate_every=4\n"));
}

TEST_CASE("the loss on a repetitive text falls from 8 bits to less than 1") {
    const TemporaryFolder folder;
    std::string text;
    while (text.size() < 20'000) {
        text += "the same words again and again; ";
    }
    test::write_text(folder / "data", text + text);
    TrainOptions options = tiny_options(folder / "data", folder / "out", 250, 16);
    options.learning_rate = 0.01;
    double first = 0.0;
    const std::atomic<bool> stop{false};
    const TrainResult result = train::train(
        options,
        [&](const StepReport& report) {
            first = report.step == 1 ? report.bits_per_byte : first;
            CHECK(report.gflops > 0.0);
        },
        stop);
    CHECK(first > 5.0);
    CHECK(result.record.training_bits_per_byte < 1.0);
    CHECK(result.record.validation_bits_per_byte < 1.0);
}

TEST_CASE("a folder that holds a run is not touched without resume or overwrite") {
    const Runs runs;
    train_quietly(runs.options("run", 2));
    const Bytes state = runs.state("run");
    TrainOptions again = runs.options("run", 2);
    again.seed = 2;
    CHECK(holds(message_of<Error>([&] { train_quietly(again); }), "already holds a run"));
    CHECK(runs.state("run") == state);
    again.overwrite = true;
    train_quietly(again);
    CHECK(runs.state("run") != state);
    test::write_text(runs / "file", "x");
    CHECK(
        holds(message_of<Error>([&] { train_quietly(runs.options("file", 2)); }), "cannot make the folder"));
}

TEST_CASE("resume refuses other options and other data by name, and a missing state") {
    const Runs runs;
    TrainOptions options = runs.options("run", 6);
    options.resume = true;
    CHECK(holds(message_of<UsageError>([&] { train_quietly(options); }), "no state.bls"));
    options.resume = false;
    options.stop_after_steps = 3;
    CHECK_FALSE(message_of<Stopped>([&] { train_quietly(options); }).empty());
    const Bytes state = runs.state("run");
    options.stop_after_steps = 0;
    options.resume = true;
    const auto refusal = [&](auto change) {
        TrainOptions changed = options;
        change(changed);
        return message_of<UsageError>([&] { train_quietly(changed); });
    };
    CHECK(holds(refusal([](TrainOptions& o) { o.seed = 9; }), "another value of seed"));
    CHECK(holds(refusal([](TrainOptions& o) { o.tokens *= 2; }), "another learning rate"));
    CHECK(holds(refusal([](TrainOptions& o) { o.tokens /= 3; }), "has made 3 steps"));
    CHECK(holds(refusal([](TrainOptions& o) { o.beta2 = 0.99; }), "another value of beta2"));
    CHECK(holds(refusal([](TrainOptions& o) { o.config.layers = 2; }), "another config"));
    CHECK(holds(refusal([](TrainOptions& o) { o.data.push_back(o.data[0]); }), "training files"));
    CHECK(holds(refusal([&](TrainOptions& o) { o.data = {(runs / "data").string() + "@1:6001"}; }),
                "the training file data"));
    CHECK(holds(refusal([&](TrainOptions& o) { o.validation = {(runs / "data").string() + "@5999:7999"}; }),
                "the validation file data"));
    CHECK(runs.state("run") == state);
    CHECK_NOTHROW(train_quietly(options));
}

TEST_CASE("a run takes another length before its rate falls, and is then the run of that length") {
    const Runs runs;
    const auto options = [&](const std::string& out, std::uint64_t steps, double warmup, double decay) {
        TrainOptions result = runs.options(out, steps);
        result.warmup = warmup;
        result.decay = decay;
        return result;
    };
    train_quietly(options("straight", 12, 0.25, 0.5));
    TrainOptions longer = options("longer", 30, 0.1, 0.1);  // 3 steps of warm-up, as above
    longer.stop_after_steps = 6;
    CHECK_FALSE(message_of<Stopped>([&] { train_quietly(longer); }).empty());
    TrainOptions shorter = options("longer", 12, 0.25, 0.5);  // its rate falls from step 7 on
    shorter.resume = true;
    SUBCASE("the same bytes") {
        train_quietly(shorter);
        CHECK(runs.model("longer") == runs.model("straight"));
        CHECK(runs.state("longer") == runs.state("straight"));
    }
    SUBCASE("with no step left") {
        TrainOptions constant = options("constant", 4, 0.0, 0.0);
        train_quietly(constant);
        constant.resume = true;
        constant.tokens *= 3;
        constant.stop_after_steps = 8;
        CHECK_FALSE(message_of<Stopped>([&] { train_quietly(constant); }).empty());
        constant.stop_after_steps = 0;
        constant.tokens = constant.tokens / 3 * 2;
        train_quietly(constant);
        train_quietly(options("constant-straight", 8, 0.0, 0.0));
        CHECK(runs.model("constant") == runs.model("constant-straight"));
        CHECK(runs.state("constant") == runs.state("constant-straight"));
    }
    SUBCASE("not once a rate differs") {
        shorter.decay = 0.7;
        CHECK(holds(message_of<UsageError>([&] { train_quietly(shorter); }), "step 6 of the saved run"));
        shorter.decay = 0.5;
        shorter.warmup = 0.5;
        CHECK(holds(message_of<UsageError>([&] { train_quietly(shorter); }), "options: tokens"));
    }
}

TEST_CASE("a folder in which a process trains is left to it") {
    const Runs runs;
    const TrainOptions options = runs.options("run", 4);
    train_quietly(options);
    const FileLock lock(runs / "run/train.lock", FileLock::Wait::no);
    REQUIRE(lock.held());
    TrainOptions again = options;
    again.overwrite = true;
    CHECK(holds(message_of<Error>([&] { train_quietly(again); }), "another process trains in"));
    CHECK(runs.has("run/model.blm"));
}

TEST_CASE("a finished run that is resumed returns its result at once") {
    const Runs runs;
    const TrainResult first = train_quietly(runs.options("run", 4));
    const Bytes model = runs.model("run");
    TrainOptions again = runs.options("run", 4);
    again.resume = true;
    const std::atomic<bool> stop{false};
    const auto never = [](const StepReport&) { FAIL("no step is left"); };
    CHECK(train::train(again, never, stop).model_id == first.model_id);
    CHECK(runs.model("run") == model);
    std::filesystem::remove(runs / "run/model.blm");
    CHECK(train::train(again, never, stop).record.validation_bits_per_byte ==
          first.record.validation_bits_per_byte);
    CHECK(runs.model("run") == model);
}

TEST_CASE("a damaged state stops the resume; forged positions are errors too") {
    const Runs runs;
    TrainOptions options = runs.options("run", 6);
    options.stop_after_steps = 3;
    CHECK_FALSE(message_of<Stopped>([&] { train_quietly(options); }).empty());
    options.resume = true;
    options.stop_after_steps = 0;
    const TrainingState good = load_state(runs / "run/state.bls");
    const auto refusal = [&](auto change) {
        TrainingState bad = good;
        change(bad);
        save_state(runs / "run/state.bls", bad.progress, bad.weights, bad.moments);
        return message_of<Error>([&] { train_quietly(options); });
    };
    CHECK(holds(refusal([](TrainingState& s) { s.progress.position.index = 1'000'000; }), "saved position"));
    CHECK(holds(refusal([](TrainingState& s) { s.progress.tokens = 1; }), "contradicts itself"));
    CHECK(holds(refusal([](TrainingState& s) { s.progress.step = 7; }), "contradict"));
    CHECK_THROWS_AS(
        (void)refusal([](TrainingState& s) { s.weights[5] = std::numeric_limits<float>::quiet_NaN(); }),
        Diverged);
    save_state(runs / "run/state.bls", good.progress, good.weights, good.moments);
    CHECK_NOTHROW(train_quietly(options));
}

TEST_CASE("a run that diverges names the step and leaves the saved state") {
    const Runs runs;
    TrainOptions options = runs.options("run", 30);
    options.config = test::tiny_config(Architecture::vanilla);
    options.learning_rate = 1000.0;
    options.weight_decay = 1000.0;
    options.clip = 0.0;
    options.warmup = 0.0;
    const std::string message = message_of<Diverged>([&] { train_quietly(options); });
    CHECK(holds(message, "diverged"));
    CHECK(holds(message, "learning rate"));
    CHECK(holds(runs.text("run/run.json"), "\"status\": \"failed\""));
    CHECK_FALSE(runs.has("run/model.blm"));
    CHECK_FALSE(runs.has("run/state.bls"));
}

TEST_CASE("steps in a row far above no model end a run, and only then") {
    DivergenceWatch watch(256, 3);
    watch.add(1, 12.0, 0.5);
    watch.add(2, 10.1, 0.5);
    watch.add(3, 10.0, 0.5);  // no more than a quarter above 8
    watch.add(4, 12.0, 0.5);
    watch.add(5, 12.0, 0.5);
    const std::string message = message_of<Diverged>([&] { watch.add(6, 11.25, 0.5); });
    CHECK(holds(message, "up to step 6, 3 steps in a row cost more than 10.00 bits/byte, the last 11.25"));
    CHECK(holds(message, "--lr 0.25"));
    DivergenceWatch never(256, 0);
    for (std::uint64_t step = 1; step < 1000; ++step) {
        never.add(step, 100.0, 0.5);
    }
    DivergenceWatch two(2, 1);
    two.add(1, 1.25, 0.5);
    CHECK_FALSE(message_of<Diverged>([&] { two.add(2, 1.26, 0.5); }).empty());
}

TEST_CASE("a hopeless run is stopped, and what it was asked decides when") {
    const Runs runs;
    TrainOptions options = runs.options("run", 40);
    options.config = test::tiny_config(Architecture::vanilla);
    options.learning_rate = 3.0;
    options.clip = 0.0;
    options.decay = 0.0;
    options.warmup = 0.0;
    options.diverged_after = 5;
    const std::string message = message_of<Diverged>([&] { train_quietly(options); });
    CHECK(holds(message, "5 steps in a row cost more than 10.00 bits/byte"));
    CHECK(holds(runs.text("run/run.json"), "\"status\": \"failed\""));
    options.overwrite = true;
    options.diverged_after = 0;
    CHECK(holds(train_quietly(options).trouble, "more than the 8"));
}

TEST_CASE("samples are drawn when they are due, and change no bit") {
    const Runs runs;
    TrainOptions options = runs.options("plain", 7);
    (void)train_quietly(options);
    options = runs.options("sampled", 7);
    options.sample_every = 3;
    options.sample_bytes = 40;
    options.sample_prompt = "abc ";
    std::vector<std::uint64_t> steps;
    const std::atomic<bool> stop{false};
    (void)train::train(
        options,
        [&](const StepReport& report) {
            if (!report.sample.empty()) {
                CHECK(report.sample.size() == 40);
                steps.push_back(report.step);
            }
        },
        stop);
    CHECK(steps == std::vector<std::uint64_t>{3, 6, 7});
    for (const char* file : {"model.blm", "state.bls", "train.conf"}) {
        CHECK(runs.text(std::string("plain/") + file) == runs.text(std::string("sampled/") + file));
    }
    options = runs.options("refused", 7);
    options.config.alphabet = 105;
    options.sample_every = 1;
    options.sample_prompt = "z";
    CHECK(holds(message_of<UsageError>([&] { train_quietly(options); }), "byte 122 of the prompt"));
}

TEST_CASE("data that are changed while they are read end the run, and no record claims them") {
    const std::atomic<bool> stop{false};
    for (const bool is_validation : {false, true}) {
        for (const bool saves : {false, true}) {
            CAPTURE(is_validation);
            CAPTURE(saves);
            const Runs runs;
            TrainOptions options = runs.options("run", 6);
            options.save_every = saves ? 1 : 0;
            // Its time of modification must move, however coarse the file system's clock is.
            std::filesystem::last_write_time(
                runs / "data", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
            std::uint64_t done = 0;
            const auto on_step = [&](const StepReport& report) {
                done = report.step;
                if (report.step == 2) {
                    std::fstream file(runs / "data", std::ios::in | std::ios::out | std::ios::binary);
                    file.seekp(is_validation ? 7000 : 10);
                    file << "changed";
                }
            };
            const std::string message =
                message_of<Error>([&] { (void)train::train(options, on_step, stop); });
            CHECK(holds(message, "data was changed while it was read, so nobody can say which bytes"));
            CHECK(done == (saves ? 2 : 6));
            CHECK_FALSE(runs.has("run/model.blm"));
            CHECK(runs.has("run/state.bls") == saves);  // of step 1, which read what the record says
            CHECK(holds(runs.text("run/run.json"), "\"status\": \"failed\""));
        }
    }
}

TEST_CASE("data that are written anew with the same bytes are the same data") {
    const Runs runs;
    TrainOptions options = runs.options("run", 4);
    options.save_every = 1;
    const std::string bytes = runs.text("data");
    const std::atomic<bool> stop{false};
    const auto on_step = [&](const StepReport&) {
        std::fstream file(runs / "data", std::ios::in | std::ios::out | std::ios::binary);
        file << bytes;
    };
    CHECK(train::train(options, on_step, stop).trouble.empty());
    CHECK(runs.has("run/model.blm"));
}

TEST_CASE("warnings come before the first step, and say what of the validation data is trained on") {
    const Runs runs;
    TrainOptions options = runs.options("run", 3);
    options.validation = {(runs / "data").string() + "@5800:6800"};
    options.micro_batch_tokens = 1;
    std::vector<std::string> told;
    options.warn = [&](const std::string& text) { told.push_back(text); };
    const std::atomic<bool> stop{false};
    const TrainResult result = train::train(
        options, [&](const StepReport&) { CHECK(told.size() == 2); }, stop);
    REQUIRE(told.size() == 2);
    CHECK(holds(told[0], "micro-batches have 32 bytes"));
    CHECK(holds(
        told[1],
        "200 of 512 validation bytes are among the training data, so the validation rate is in-sample"));
    CHECK(result.is_validation_seen);
    options = runs.options("other", 3);
    options.warn = [&](const std::string& text) { FAIL(text); };
    CHECK_FALSE(train_quietly(options).is_validation_seen);
}

TEST_CASE("a run that ends worse than no model has its model, and says so") {
    const Runs runs;
    TrainOptions options = runs.options("run", 20);
    options.config = test::tiny_config(Architecture::vanilla);
    options.learning_rate = 3.0;
    options.clip = 0.0;
    options.decay = 0.0;
    options.warmup = 0.0;
    const TrainResult result = train_quietly(options);
    CHECK(holds(result.trouble, "more than the 8 of no model at all"));
    CHECK(runs.has("run/model.blm"));
    CHECK(holds(runs.text("run/run.json"), "\"status\": \"diverged\""));
    options.resume = true;
    CHECK(holds(train_quietly(options).trouble, "more than the 8"));
}

TEST_CASE("minutes become a number of tokens that reproduces the run") {
    const Runs runs;
    TrainOptions timed = runs.options("timed", 1);
    timed.tokens = 0;
    timed.minutes = 0.005;
    const TrainResult result = train_quietly(timed);
    CHECK(result.record.tokens % 128 == 0);
    CHECK(result.record.tokens > 0);
    CHECK(holds(result.record.options, "tokens=" + std::to_string(result.record.tokens) + "\n"));
    TrainOptions counted = runs.options("counted", 1);
    counted.tokens = result.record.tokens;
    train_quietly(counted);
    CHECK(runs.model("counted") == runs.model("timed"));
    CHECK(runs.state("counted") == runs.state("timed"));
}

TEST_CASE("minutes that may not hold one step are warned of") {
    const Runs runs;
    TrainOptions timed = runs.options("timed", 1);
    timed.tokens = 0;
    timed.minutes = 1e-6;
    std::string told;
    timed.warn = [&](const std::string& text) { told += text; };
    CHECK(train_quietly(timed).record.steps == 1);
    CHECK(holds(told,
                "one step of 128 bytes is all that the run has, and it may take longer than 1e-06 minutes"));
}

TEST_CASE("metrics.csv has a row a step, run.json says where and how") {
    const Runs runs;
    TrainOptions options = runs.options("run", 3);
    options.command = "bitlaw train \"x\"";
    train_quietly(options);
    const std::string csv = runs.text("run/metrics.csv");
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
    CHECK(csv.starts_with("step,tokens,bits_per_byte,validation_bits_per_byte,"));
    CHECK(holds(csv, ",copy_score_bits_per_byte\n"));
    const std::string text = runs.text("run/run.json");
    CHECK(holds(text, "\"command\": \"bitlaw train \\\"x\\\"\""));
    CHECK(holds(text, "\"status\": \"finished\""));
    CHECK(holds(text, "\"threads\": "));
}
