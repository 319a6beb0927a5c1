#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/studies/prequential.hpp"
#include "bitlaw/studies/study_figures.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::coding;
using namespace bitlaw::studies;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

StudyConfig tiny_config(const TemporaryFolder& folder, const std::string& more) {
    return parse_study_config(
        "data = data\nheld_out = held\nsizes = 8K 12K\nlayers = 1\ncontexts = 32\ntrain_on = 4096\n" + more,
        folder / "study.conf");
}

const PrequentialWatch kNoWatch = [](const std::string&, std::uint64_t, std::uint64_t, double) {};

}  // namespace

TEST_CASE("prequential runs: each size and amount once, their rates those of archives that restore") {
    const TemporaryFolder folder;
    const std::string text = test::random_text(9000, 1);
    const Bytes data(text.begin(), text.end());
    const StudyConfig config = tiny_config(folder, "prequential = 3000 9000\nseeds = 7 8\n");
    const std::vector<PrequentialRun> runs = prequential_runs(config);
    REQUIRE(runs.size() == 4);
    CHECK(runs[0].id == "q8K-u3K-s7");
    CHECK(run_prequential(config, data, kNoWatch) == 4);
    const std::vector<PrequentialResult> results = read_prequential(prequential_results(config));
    REQUIRE(results.size() == 4);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        CAPTURE(runs[i].id);
        CHECK(results[i].run == runs[i].id);
        const ByteSpan plain = ByteSpan(data).first(runs[i].bytes);
        CompressOptions options;
        options.method = kLearning;
        options.stack = learning_stack(predict::default_recipe({.fresh = true}), runs[i].config, 7);
        Bytes archive;
        (void)compress(nullptr, options, source_of(plain), sink_to(archive));
        CHECK(results[i].archive_bytes == archive.size());
        CHECK(results[i].rate() < 1.0);
        Bytes restored;
        const ModelFinder none = [](std::uint64_t) -> const model::StoredModel& { fail("no model"); };
        (void)decompress(none, source_of(archive), sink_to(restored), {});
        CHECK(restored == Bytes(plain.begin(), plain.end()));
    }
    // What is longer has been learned better.
    CHECK(results[2].rate() < results[0].rate());
    CHECK(run_prequential(config, data, kNoWatch) == 0);
}

TEST_CASE(
    "prequential runs: other settings, short data and damaged rows are refused, and a stop keeps rows") {
    const TemporaryFolder folder;
    const std::string text = test::random_text(5000, 1);
    Bytes data(text.begin(), text.end());
    const StudyConfig config = tiny_config(folder, "prequential = 2000 4000\n");
    const PrequentialWatch stops = [](const std::string& run, std::uint64_t, std::uint64_t, double) {
        if (run == "q8K-u4K-s1") {
            throw Stopped("stopped");
        }
    };
    CHECK_THROWS_AS(run_prequential(config, data, stops), Stopped);
    CHECK(read_prequential(prequential_results(config)).size() == 2);
    CHECK(run_prequential(config, data, kNoWatch) == 2);
    CHECK(holds(
        message_of<UsageError>([&] { (void)run_prequential(config, ByteSpan(data).first(3999), kNoWatch); }),
        "prequential asks for 4000"));
    data[0] ^= 1;
    CHECK(holds(message_of<UsageError>([&] { (void)run_prequential(config, data, kNoWatch); }),
                "made with other settings"));
    const std::filesystem::path path = prequential_results(config);
    const MappedFile file(path);
    const std::string rows(file.bytes().begin(), file.bytes().end());
    test::write_text(path, rows + "q8K-u1K-s1,0,1,2,3,4.0,1,1,now\n");
    CHECK(holds(message_of<Error>([&] { (void)read_prequential(path); }), ":6: this row cannot be read"));
    test::write_text(path, "run\n");
    CHECK(holds(message_of<Error>([&] { (void)read_prequential(path); }), ":1: the header"));
}
