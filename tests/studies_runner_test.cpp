#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <map>
#include <thread>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/studies/study_check.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/studies/study_results.hpp"
#include "bitlaw/studies/study_runner.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::train;
using namespace bitlaw::coding;
using namespace bitlaw::studies;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

// A study of two tiny networks: a trunk of three runs each over 4,096 bytes, and one run alone.
class TinyStudy {
   public:
    explicit TinyStudy(const std::string& more = "") {
        test::write_text(folder_ / "data", test::random_text(20'000, 1));
        test::write_text(folder_ / "held", test::random_text(3000, 2));
        config_ = parse_study_config(
            "data = data\nheld_out = held\nheld_out_bytes = 2000\nsizes = 8K 12K\nlayers = 1\ncontexts = 32\n"
            "train_on = 4096 passes 1 2 3\ntrain_on = 8192\nbatch_bytes = 128\nbatch_power = 0\n" +
                more,
            folder_ / "study.conf");
        plan_ = make_study_plan(config_);
        add_recipes(plan_, data());
    }
    [[nodiscard]] StudyData data() const {
        return {(folder_ / "data").string(), (folder_ / "held").string()};
    }
    [[nodiscard]] StudyRunOptions options() const {
        StudyRunOptions o;
        o.data = (folder_ / "data").string();
        o.held_out = (folder_ / "held").string();
        return o;
    }
    StudyRunSummary run(const StudyRunOptions& options) const {
        const std::atomic<bool> stop{false};
        return run_study(plan_, options, stop);
    }
    [[nodiscard]] const StudyPlan& plan() const { return plan_; }
    [[nodiscard]] std::vector<StudyResult> results() const { return read_results(plan_.results()); }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

   private:
    TemporaryFolder folder_;
    StudyConfig config_;
    StudyPlan plan_;
};

// What must not depend on interruptions, jobs or processes: run -> status and rates.
using Rates = std::map<std::string, std::tuple<std::string, double, double, double>>;
Rates rates(const std::vector<StudyResult>& results) {
    Rates list;
    for (const StudyResult& r : results) {
        const bool is_new = list.emplace(r.run, std::tuple(r.status, r.bits_per_byte, r.chunk_bits_per_byte,
                                                           r.training_bits_per_byte))
                                .second;
        CHECK(is_new);
    }
    return list;
}

// The row of the plan's first run as if it had ended.
StudyResult finished_row(const StudyPlan& plan) {
    StudyResult row = planned_result(plan.trunks[0], plan.trunks[0].runs[0]);
    row.status = "done";
    row.date = "2026-01-01T00:00:00Z";
    row.held_out_bytes = 2000;
    row.bits_per_byte = row.chunk_bits_per_byte = row.training_bits_per_byte = 4.0;
    row.model_bytes = 2 * row.parameters + 80;
    row.seconds = 0.5;
    row.threads = 1;
    return row;
}

}  // namespace

TEST_CASE("a study runs to its end once; a second call finds nothing to do") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy study;
    REQUIRE(study.plan().runs() == 8);
    const StudyRunSummary first = study.run(study.options());
    CHECK(first.before == 0);
    CHECK(first.done == 8);
    CHECK(first.diverged == 0);
    const Rates once = rates(study.results());
    CHECK(once.size() == 8);
    int halves_differ = 0;
    for (const StudyResult& r : study.results()) {
        CAPTURE(r.run);
        CHECK(r.status == "done");
        CHECK(r.bits_per_byte > 2.0);  // the text's entropy is above 3
        CHECK(r.bits_per_byte < 8.0);
        CHECK(r.held_out_bytes == 1500);  // the halves are shorter than the config's 2000
        CHECK(r.report_bytes == 1500);
        CHECK(r.report_bits_per_byte > 2.0);
        halves_differ += r.report_bits_per_byte != r.bits_per_byte ? 1 : 0;
        REQUIRE(r.copy_score);
        CHECK(std::abs(*r.copy_score) < 1.0);
        CHECK(r.model_bytes > 2 * r.parameters);
        CHECK(r.trained_bytes == r.steps * r.batch_bytes);
    }
    CHECK(halves_differ > 4);
    std::size_t events = 0;
    StudyRunOptions again = study.options();
    again.on_event = [&](const StudyEvent&) { ++events; };
    const StudyRunSummary second = study.run(again);
    CHECK(second.before == 8);
    CHECK(second.done == 0);
    CHECK(events == 0);
    CHECK(rates(study.results()) == once);
}

TEST_CASE(
    "a branch equals a run of its own, as its record describes it: the shared beginning changes no bit") {
    const test::MachineScope scope;
    set_thread_count(1);
    // Of 96 steps 19 rise, which are a fifth of the longest run only.
    const TinyStudy study("warmup = 0.2\n");
    (void)study.run(study.options());
    const StudyTrunk& trunk = *std::find_if(study.plan().trunks.begin(), study.plan().trunks.end(),
                                            [](const StudyTrunk& t) { return t.runs.size() == 3; });
    REQUIRE(trunk.warmup_steps == 19);
    for (const StudyRun& run : trunk.runs) {
        CAPTURE(run.id);
        TrainOptions o;
        const double share = run_options(study.plan(), trunk, run, study.data()).warmup;
        CHECK(static_cast<std::uint64_t>(share * static_cast<double>(run.steps)) == 19);
        o.data = {text_of((study / "data").string(), "@0:", trunk.data_bytes)};
        o.validation = {(study / "held").string()};
        o.validation_bytes = 2000;
        o.validate_every = run.steps;
        o.out = study / ("alone-" + run.id);
        o.config = trunk.config;
        o.tokens = run.bytes;
        o.batch_tokens = trunk.batch_bytes;
        o.learning_rate = trunk.learning_rate;
        o.matrix_learning_rate = trunk.matrix_learning_rate;
        o.warmup = share;
        o.decay = 0.2;
        const TrainResult alone = test::train_quietly(o);
        const std::filesystem::path branch =
            study.plan().work() / (run.id + "." + run.recipe.substr(0, 8)) / kModelFile;
        CHECK(test::file_bytes(branch) == test::file_bytes(alone.model_file));
    }
}

TEST_CASE("rates are those of archives") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy study;
    (void)study.run(study.options());
    const StudyResult row = study.results().back();
    const StoredModel model =
        load_model(study.plan().work() / (row.run + "." + row.recipe.substr(0, 8)) / kModelFile);
    const Bytes held = test::file_bytes(study / "held");
    std::size_t place = 0;
    std::uint64_t archived = 0;
    const ByteSource source = [&](std::span<std::uint8_t> buffer) {
        const std::size_t count = std::min(buffer.size(), std::size_t{2000} - place);
        std::copy_n(held.begin() + static_cast<std::ptrdiff_t>(place), count, buffer.begin());
        place += count;
        return count;
    };
    (void)compress(model, {}, source, [&](ByteSpan bytes) { archived += bytes.size(); });
    const double estimated = row.bits_per_byte * 2000 / 8;
    CHECK(std::abs(estimated - static_cast<double>(archived)) <= 0.001 * static_cast<double>(archived) + 32);
}

TEST_CASE("rates of a study that mixes are those of archives that mix") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy study("mix = fast\n");
    (void)study.run(study.options());
    const StudyResult row = study.results().back();
    const StoredModel model =
        load_model(study.plan().work() / (row.run + "." + row.recipe.substr(0, 8)) / kModelFile);
    const Bytes held = test::file_bytes(study / "held");
    const ByteSpan first = ByteSpan(held).first(held.size() / 2);
    CompressOptions options;
    options.stack.source = NetworkSource::model;
    mix_with(options, mixing_for(predict::ExpertSet::fast, first.size()));
    const std::uint64_t archived = compress(model, options, source_of(first), [](ByteSpan) {}).archive_bytes;
    CHECK(row.bits_per_byte == doctest::Approx(8.0 * static_cast<double>(archived) / 1500));
    CHECK(row.held_out_bytes == 1500);
}

TEST_CASE("stopped anywhere, resumed: no run lost, none repeated, the same bits") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy straight;
    (void)straight.run(straight.options());
    const Rates expected = rates(straight.results());

    const TinyStudy study;
    std::map<std::string, int> ended;
    std::atomic<bool> stop{false};
    int stops = 0;
    for (int after = 37; ended.size() < expected.size(); after += 23) {
        int events = 0;
        StudyRunOptions options = study.options();
        options.on_event = [&](const StudyEvent& event) {
            if (event.kind == StudyEvent::Kind::ended) {
                ++ended[event.run];
            }
            stop = ++events >= after;
        };
        stop = false;
        try {
            (void)run_study(study.plan(), options, stop);
        } catch (const Stopped& stopped) {
            ++stops;
            CHECK(holds(stopped.what(), "the same command goes on from there"));  // not with --resume
        }
        REQUIRE(after < 10'000);
    }
    CHECK(stops >= 4);
    for (const auto& [run, times] : ended) {
        CAPTURE(run);
        CHECK(times == 1);
    }
    CHECK(rates(study.results()) == expected);
}

TEST_CASE("several jobs, and several callers at once, do each run once and get the same bits") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy straight;
    (void)straight.run(straight.options());
    const TinyStudy study;
    StudyRunOptions options = study.options();
    options.jobs = 2;
    options.costly_first = true;
    std::atomic<std::size_t> done{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 2; ++caller) {
        callers.emplace_back([&] { done += study.run(options).done; });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    CHECK(done == 8);
    CHECK(rates(study.results()) == rates(straight.results()));
}

TEST_CASE("a trunk that another process holds is left to it") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy study;
    std::filesystem::create_directories(study.plan().work());
    const StudyTrunk& held = study.plan().trunks.front();
    {
        const FileLock lock(study.plan().work() / (held.id + ".lock"), FileLock::Wait::no);
        REQUIRE(lock.held());
        const StudyRunSummary summary = study.run(study.options());
        CHECK(summary.elsewhere == held.runs.size());
        CHECK(summary.done == 8 - held.runs.size());
    }
    CHECK(study.run(study.options()).done == held.runs.size());
}

TEST_CASE("runs that diverge are recorded, and the others go on") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy study("learning_rate = 1000\nweight_decay = 1000\n");
    const StudyRunSummary summary = study.run(study.options());
    CHECK(summary.diverged == 8);
    CHECK(summary.done == 0);
    for (const StudyResult& r : study.results()) {
        CHECK(r.status == "diverged");
    }
    CHECK(study.run(study.options()).before == 8);
}

TEST_CASE("results of other settings, too little data and damaged rows are refused") {
    const test::MachineScope scope;
    set_thread_count(1);
    const TinyStudy study("bootstrap = 10\n");
    StudyResult row = finished_row(study.plan());
    row.recipe = "0123456789abcdef";
    std::filesystem::create_directories(study.plan().work());
    add_result(study.plan().results(), study.plan().work() / "results.lock", row);
    CHECK(holds(message_of<UsageError>([&] { study.run(study.options()); }), "made with other settings"));
    CHECK(holds(message_of<Error>(
                    [&] { add_result(study.plan().results(), study.plan().work() / "results.lock", row); }),
                "a row for " + row.run + " already"));
    Bytes bytes = test::file_bytes(study.plan().results());
    bytes.insert(bytes.end() - 10, ',');
    write_file(study.plan().results(), bytes);
    CHECK(holds(message_of<Error>([&] { (void)study.results(); }), "results.csv:2: this row cannot be read"));
    std::filesystem::remove(study.plan().results());
    StudyRunOptions short_data = study.options();
    short_data.data = (study / "held").string();
    CHECK(holds(message_of<UsageError>([&] { study.run(short_data); }),
                "has 3000 bytes, but the config trains on"));
    StudyRunOptions seen = study.options();
    seen.held_out = seen.data + "@8000:10000";  // 8,192 are trained on
    CHECK(holds(message_of<UsageError>([&] { study.run(seen); }), "are among the first 8192 bytes of"));
    seen.held_out = seen.data + "@8192:10192";
    CHECK_NOTHROW(study.run(seen));
}

TEST_CASE("data that change while a study runs give no row") {
    const test::MachineScope scope;
    set_thread_count(1);
    for (const char* name : {"data", "held"}) {
        CAPTURE(name);
        const TinyStudy study;
        StudyRunOptions options = study.options();
        std::size_t rows = 0;
        options.on_event = [&](const StudyEvent& event) {
            if (event.kind == StudyEvent::Kind::ended && ++rows == 2) {
                Bytes bytes = test::file_bytes(study / name);
                bytes[5] ^= 1U;
                std::filesystem::remove(study / name);  // another file: what is mapped stays
                write_file(study / name, bytes);
            }
        };
        // By the study, or by the trainer where a branch goes on from its trunk.
        CHECK_FALSE(message_of<Error>([&] { study.run(options); }).empty());
        CHECK(study.results().size() == 2);
    }
}

TEST_CASE("a plan says all that would keep a study from being run") {
    const TinyStudy study;
    CHECK(check_study(study.plan(), study.data()).problems.empty());
    CHECK(check_study(study.plan(), study.data()).warnings.empty());
    CHECK_FALSE(std::filesystem::exists(study.plan().work()));
    StudyData data = study.data();
    data.data = (study / "nothing").string();
    data.held_out = (study / "held").string() + "@:10";
    test::write_text(study / "study", "a file where the folder should be");
    const std::vector<std::string> problems = check_study(study.plan(), data).problems;
    REQUIRE(problems.size() == 3);
    CHECK(holds(problems[0], "cannot open"));
    CHECK(holds(problems[1], "the range has 10 bytes, and at least 32"));
    CHECK(holds(problems[2], "is no folder"));
}

TEST_CASE("rows with numbers that no run has, and rows of other networks, are refused") {
    const TinyStudy study;
    const std::filesystem::path path = study.plan().results();
    std::filesystem::create_directories(study.plan().work());
    const StudyResult sound = finished_row(study.plan());
    add_result(path, study.plan().work() / "lock", sound);
    const Bytes bytes = test::file_bytes(path);
    const std::string text(bytes.begin(), bytes.end());
    // The row's message with the first `old` replaced.
    const auto refusal = [&](const std::string& old, const std::string& changed) {
        std::string edited = text;
        REQUIRE(holds(edited, old));
        test::write_text(path, edited.replace(edited.find(old), old.size(), changed));
        return message_of<Error>([&] { (void)study.results(); });
    };
    for (const char* rate : {"nan", "inf", "-1", "0", "99", "1e300", "12.2"}) {
        const std::string message = refusal(",2000,4,", std::string(",2000,") + rate + ",");
        CHECK(holds(message, "results.csv:2: this row cannot be read: held_out_bits_per_byte is "));
        CHECK(holds(message, "remove the row"));
    }
    const std::string flops = "," + std::to_string(static_cast<std::uint64_t>(sound.training_flops)) + ",";
    CHECK(holds(refusal(flops, ",inf,"), "training_flops is inf"));
    CHECK(holds(refusal(flops, ",0,"), "training_flops is 0"));
    const std::string row = text.substr(text.find('\n') + 1);
    // Every column has values that no run can have.
    const std::size_t columns = static_cast<std::size_t>(std::count(row.begin(), row.end(), ',')) + 1;
    for (std::size_t column = 0; column < columns; ++column) {
        std::size_t begin = 0;
        for (std::size_t i = 0; i < column; ++i) {
            begin = row.find(',', begin) + 1;
        }
        const std::size_t end = std::min(row.find(',', begin), row.size() - 1);
        for (const char* value : {"-70", "x", "1e300", "1152921504606846976"}) {
            CAPTURE(column);
            CAPTURE(value);
            std::string edited = row;
            CHECK(!refusal(row, edited.replace(begin, end - begin, value)).empty());
        }
    }
    const auto without = [&](const std::string& number, const std::string& changed) {
        return refusal("," + number + ",", "," + changed + ",");
    };
    CHECK(holds(without(std::to_string(sound.trained_bytes), std::to_string(sound.trained_bytes + 128)),
                "trained on"));
    CHECK(holds(without(std::to_string(sound.model_bytes), std::to_string(sound.parameters)),
                "model_bytes is"));
    CHECK(holds(refusal("2026-01-01T00:00:00Z", "2026-01-01"), "its date"));
    CHECK(holds(refusal(row, row + row), "results.csv:3: this row cannot be read: it is a second row of"));
    // A run that diverged has whatever rates it got to.
    test::write_text(path, text);
    StudyResult diverged = planned_result(study.plan().trunks[1], study.plan().trunks[1].runs[0]);
    diverged.status = "diverged";
    diverged.date = "2026-01-01T00:00:00Z";
    diverged.training_bits_per_byte = std::nan("");
    add_result(path, study.plan().work() / "lock", diverged);
    CHECK(study.results().size() == 2);
    // Of a half there are bytes and a rate, or neither.
    StudyResult half = planned_result(study.plan().trunks[2], study.plan().trunks[2].runs[0]);
    half.status = "done";
    half.date = sound.date;
    half.held_out_bytes = sound.held_out_bytes;
    half.bits_per_byte = half.chunk_bits_per_byte = half.training_bits_per_byte = 4.0;
    half.model_bytes = 2 * half.parameters + 80;
    half.seconds = 1.0;
    half.threads = 1;
    half.report_bytes = 1500;
    CHECK(holds(message_of<Error>([&] { add_result(path, study.plan().work() / "lock", half); }),
                "must both be above zero"));
    diverged.run += "x";
    diverged.status = "done";
    CHECK(holds(message_of<Error>([&] { add_result(path, study.plan().work() / "lock", diverged); }),
                "has no sound row for"));

    CHECK_NOTHROW(require_same_settings(study.plan(), {sound}));
    StudyResult other = sound;
    other.width += 4;
    CHECK(holds(message_of<UsageError>([&] { require_same_settings(study.plan(), {other}); }),
                text_of("holds the run ", sound.run, " with width = ", other.width, ", but this config has ",
                        sound.width)));
    other = sound;
    other.training_flops *= 1.001;
    CHECK(holds(message_of<UsageError>([&] { require_same_settings(study.plan(), {other}); }),
                "with training_flops = "));
}

TEST_CASE("results of an earlier version, without the second half, are read and added to") {
    const TinyStudy study;
    const std::filesystem::path path = study.plan().results();
    std::filesystem::create_directories(study.plan().work());
    const StudyResult old = finished_row(study.plan());
    add_result(path, study.plan().work() / "lock", old);
    const Bytes bytes = test::file_bytes(path);
    std::string text(bytes.begin(), bytes.end());
    const std::string added = ",report_bytes,report_bits_per_byte,copy_score_bits_per_byte";
    REQUIRE(holds(text, added));
    text.erase(text.find(added), added.size());
    REQUIRE(holds(text, ",,,,"));  // the row's three empty fields
    text.erase(text.find(",,,,"), 3);
    test::write_text(path, text);
    REQUIRE(study.results().size() == 1);
    CHECK_FALSE(study.results()[0].has_report());
    CHECK_FALSE(study.results()[0].copy_score);
    StudyResult fresh = planned_result(study.plan().trunks[1], study.plan().trunks[1].runs[0]);
    fresh.status = "done";
    fresh.date = "2026-01-01T00:00:00Z";
    fresh.held_out_bytes = fresh.report_bytes = 1500;
    fresh.bits_per_byte = fresh.report_bits_per_byte = fresh.chunk_bits_per_byte = 4.0;
    fresh.training_bits_per_byte = fresh.seconds = 1.0;
    fresh.model_bytes = 2 * fresh.parameters + 80;
    fresh.threads = 1;
    fresh.copy_score = -0.25;
    add_result(path, study.plan().work() / "lock", fresh);
    const std::vector<StudyResult> both = study.results();
    REQUIRE(both.size() == 2);
    CHECK(both[0].bits_per_byte == 4.0);
    CHECK_FALSE(both[0].has_report());
    CHECK(both[1].report_bytes == 1500);
    CHECK(both[1].copy_score == -0.25);
    const Bytes now = test::file_bytes(path);
    text.assign(now.begin(), now.end());
    test::write_text(path, text.replace(text.find("report_bytes"), 6, "rapport"));
    CHECK(holds(message_of<Error>([&] { (void)study.results(); }), "results.csv:1: the header"));
}
