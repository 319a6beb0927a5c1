#include <doctest/doctest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/datasets/dataset.hpp"
#include "bitlaw/format/json.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/table/table_plot.hpp"
#include "bitlaw/table/table_text.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/threads.hpp"

using namespace bitlaw;
using namespace bitlaw::format;
using namespace bitlaw::model;
using namespace bitlaw::coding;
using namespace bitlaw::datasets;
using namespace bitlaw::baselines;
using namespace bitlaw::table;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

const TableWatch kQuiet = [](std::uint64_t, std::uint64_t) {};

Bytes some_bytes(std::size_t count) {
    Random random(9);
    Bytes bytes(count);
    for (auto& byte : bytes) {
        byte = static_cast<std::uint8_t>('a' + random.below(random.below(20) + 1));
    }
    return bytes;
}

const Compressor& gzip() {
    static const Compressor compressor = choose_compressors({"gzip"})[0];
    return compressor;
}

// A model whose random weights predict something other than all bytes alike.
StoredModel small_model(Architecture architecture, std::vector<DataSource> training) {
    ModelConfig config;
    config.architecture = architecture;
    config.width = 32;
    config.layers = 1;
    config.heads = 2;
    config.kv_heads = 2;
    config.hidden = 32;
    config.context = 64;
    config.window = 64;
    Model model = initial_model(config, 3);
    Random random(4);
    for (float& weight : model.view(model.layout.output)) {
        weight = static_cast<float>(0.2 * random.normal());
    }
    round_weights(model, WeightFormatId::bf16);
    TrainingRecord record;
    record.training = std::move(training);
    return decode_model(encode_model(model, WeightFormatId::bf16, &record), "test");
}

// What the model itself would write: noise, decoded as if it were an archive's stream.
Bytes sampled(const StoredModel& model, std::uint64_t reset_every, std::size_t count) {
    Random random(11);
    Bytes noise(2 * count);
    for (auto& byte : noise) {
        byte = static_cast<std::uint8_t>(random.next());
    }
    Bytes bytes(count);
    const std::vector<ByteSpan> payloads{noise};
    const PackedModel packed(model.model, PackFor::inference);
    decode_streams(predict::network_predictors(packed, {.reset_every = reset_every}), payloads, bytes, {});
    return bytes;
}

}  // namespace

TEST_CASE("table: a data set is a range of a file, with its manifest's shape") {
    const TemporaryFolder folder;
    const std::string path = (folder / "set").string();
    write_file(path, some_bytes(5000));
    const DataSet plain("name", path + "@1000:3000");
    CHECK(plain.bytes().size() == 2000);
    CHECK(plain.kind() == "file");
    CHECK(plain.hash() == hash64(ByteSpan(some_bytes(5000)).subspan(1000, 2000)));
    CHECK_THROWS_AS(DataSet("name", path + "@0:6000"), UsageError);
    CHECK(holds(message_of<Error>([&] { DataSet("name", path + "@5:5"); }), "holds no bytes"));
    Manifest manifest;
    manifest.kind = DataKind::audio;
    manifest.shape.sample_bytes = 2;
    manifest.bytes = 5000;
    manifest.hash = hash64(some_bytes(5000));
    const auto write_manifest = [&] {
        const std::string json = manifest_json(manifest);
        write_file(path + kManifestSuffix, json);
    };
    write_manifest();
    CHECK(DataSet("name", path).shape().sample_bytes == 2);
    CHECK(DataSet("name", path + "@:1000").kind() == "audio");
    manifest.hash += 1;
    write_manifest();
    CHECK(holds(message_of<Error>([&] { DataSet("name", path); }), "belongs to other bytes"));
}

TEST_CASE("table: chunked counts the header once, whatever the number of threads") {
    const TemporaryFolder folder;
    const Bytes plain = some_bytes(10 * 512 + 100);
    write_file(folder / "set", plain);
    const DataSet data("set", (folder / "set").string());
    const CompressorWatch quiet = [](std::uint64_t) {};
    const Bytes zero{0};
    const double header = static_cast<double>(gzip().compress(zero, {}, quiet).size());
    double sum = 0;
    for (std::size_t at = 0; at < plain.size(); at += 512) {
        const ByteSpan chunk = ByteSpan(plain).subspan(at, std::min<std::size_t>(512, plain.size() - at));
        sum += static_cast<double>(gzip().compress(chunk, {}, quiet).size());
    }
    for (const std::size_t threads : {1u, 2u, 3u}) {
        const test::Threads scope(threads);
        std::uint64_t last = 0;
        const Measurement m = measure_chunked(gzip(), data, 512, [&](std::uint64_t done, std::uint64_t of) {
            CHECK(of == plain.size());
            last = done;
        });
        CHECK(m.coded_bytes == sum - 10 * header);
        CHECK(m.chunks == 11);
        CHECK(m.header_bytes == static_cast<std::uint64_t>(header));
        CHECK(m.threads == threads);
        CHECK(last == plain.size());
    }
    const Measurement whole = measure_unchunked(gzip(), data, kQuiet);
    CHECK(whole.coded_bytes == static_cast<double>(gzip().compress(plain, {}, quiet).size()));
    CHECK(whole.raw_rate() == whole.coded_bytes / static_cast<double>(plain.size()));
    CHECK(whole.adjusted_rate() == whole.raw_rate());
    CHECK(whole.source == RateSource::restored);
}

TEST_CASE("table: a compressor that does not restore its input gets no rate") {
    const TemporaryFolder folder;
    write_file(folder / "set", some_bytes(3000));
    const DataSet data("set", (folder / "set").string());
    Compressor liar = gzip();
    liar.restore = [](ByteSpan, std::size_t plain_bytes, const DataShape&, const CompressorWatch&) {
        return Bytes(plain_bytes, 7);
    };
    CHECK(holds(message_of<Error>([&] { (void)measure_unchunked(liar, data, kQuiet); }),
                "does not restore set"));
    CHECK(holds(message_of<Error>([&] { (void)measure_chunked(liar, data, 2048, kQuiet); }),
                "does not restore set"));
    liar.restore = {};
    CHECK(measure_unchunked(liar, data, kQuiet).source == RateSource::program);
}

TEST_CASE(
    "table: a model's rate is its archive's, and its chunks' estimate is that of an archive with resets") {
    const TemporaryFolder folder;
    for (const Architecture architecture : {Architecture::modern, Architecture::vanilla}) {
        const StoredModel model = small_model(architecture, {});
        const Bytes plain = sampled(model, 64, 200 * 64);
        write_file(folder / "set", plain);
        const DataSet data("set", (folder / "set").string());
        CompressOptions options;
        Bytes archive;
        (void)compress(model, options, source_of(plain), sink_to(archive));
        const Measurement whole = measure_continuous(model, data, true, kQuiet);
        CHECK(whole.coded_bytes == static_cast<double>(archive.size()));
        CHECK(whole.model_bytes == model.stored_bytes);
        CHECK(whole.source == RateSource::restored);
        CHECK(whole.adjusted_rate() * static_cast<double>(plain.size()) ==
              doctest::Approx(whole.coded_bytes + static_cast<double>(model.stored_bytes)));
        CHECK(measure_continuous(model, data, false, kQuiet).source == RateSource::archive);
        // One stream that forgets every 64 bytes sees what independent chunks see.
        options.streams = 1;
        options.reset_every = 64;
        archive.clear();
        const CodecSummary summary = compress(model, options, source_of(plain), sink_to(archive));
        REQUIRE(summary.blocks_of(kStored) == 0);
        const Measurement chunked = measure_chunked(model, data, 64, kQuiet);
        const double bytes = static_cast<double>(summary.archive_bytes);
        // The format's own bytes around a single block and stream come on top of 0.1 % + 32 bytes.
        constexpr double kFormatBytes = 100;
        CHECK(chunked.coded_bytes < bytes);
        CHECK(bytes - chunked.coded_bytes <= 0.001 * bytes + 32 + kFormatBytes);
        CHECK(chunked.source == RateSource::estimate);
        CHECK(chunked.chunks == 200);
    }
}

TEST_CASE("table: in-sample and held-out by the training ranges' hashes") {
    const TemporaryFolder folder;
    const Bytes plain = some_bytes(4000);
    write_file(folder / "set", plain);
    const std::string path = (folder / "set").string();
    const ByteSpan front = ByteSpan(plain).first(1000);
    TrainingRecord record;
    CHECK(DataSet("set", path).origin(record).origin == Origin::unknown);
    record.training.push_back({.name = "set", .hash = hash64(front), .begin = 0, .bytes = 1000});
    CHECK(DataSet("set", path).origin(record).origin == Origin::seen);
    CHECK(DataSet("set", path + "@999:").origin(record).origin == Origin::seen);
    CHECK(DataSet("set", path + "@1000:").origin(record).origin == Origin::unknown);
    // The same bytes in another file.
    write_file(folder / "copy", front);
    CHECK(DataSet("copy", (folder / "copy").string()).origin(record).origin == Origin::seen);
    record.training[0].hash += 1;
    CHECK(DataSet("set", path).origin(record).origin == Origin::unknown);
}

namespace {

TableReport small_report() {
    TableReport report;
    report.machine = "machine";
    report.isa = "scalar";
    report.date = "2026-01-01";
    report.command = "bitlaw table";
    report.columns = {{"a,\"b\"", "file", "text", 1000, 0xabc, 0}, {"c", "c", "audio", 2000, 0xdef, 2}};
    report.rows = {
        {.name = "gzip -9", .settings = "zlib", .model_id = {}},
        {.name = "m_1", .settings = "model", .model_id = 0x12, .model_bytes = 100, .trained_bytes = 5}};
    Measurement m{.plain_bytes = 1000, .coded_bytes = 250};
    m.peak_memory = 3'000'000;
    report.cells.push_back({.protocol = TableProtocol::unchunked, .row = 0, .column = 0, .measured = m});
    m.model_bytes = 100;
    m.origin.origin = Origin::seen;
    m.source = RateSource::archive;
    report.cells.push_back({.protocol = TableProtocol::unchunked, .row = 1, .column = 0, .measured = m});
    m.plain_bytes = 2000;
    m.origin.origin = Origin::held_out;
    report.cells.push_back({.protocol = TableProtocol::unchunked, .row = 1, .column = 1, .measured = m});
    report.cells.push_back(
        {.protocol = TableProtocol::chunked, .row = 1, .column = 1, .measured = {}, .failure = "why"});
    return report;
}

}  // namespace

TEST_CASE("table: text and Markdown show rates, marks, failures and what makes no sense") {
    const TableReport report = small_report();
    for (const std::string& text : {table_text(report), table_markdown(report)}) {
        CHECK(holds(text, "25.00"));
        CHECK(holds(text, "25.00 (35.00)"));
        CHECK(holds(text, "12.50 (17.50)"));
        CHECK_FALSE(holds(text, "12.50 (17.50)*"));
        CHECK(holds(text, "failed"));
        CHECK(holds(text, "why"));
        CHECK(holds(text, "2 files could not be used"));
        CHECK_FALSE(holds(text, "stopped"));
    }
    CHECK(holds(table_text(report), "25.00 (35.00)*"));
    CHECK(holds(table_markdown(report), "| m\\_1 | 25.00 (35.00)\\* | 12.50 (17.50) |"));
    CHECK(holds(table_markdown(report), "| gzip -9 | 25.00 | - |"));
    TableReport stopped = report;
    stopped.is_complete = false;
    CHECK(holds(table_text(stopped), "the work was stopped"));
}

TEST_CASE("table: CSV and JSON hold every cell's figures") {
    const TableReport report = small_report();
    const std::string csv = table_csv(report);
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 5);
    CHECK(holds(csv, "\"a,\"\"b\"\"\""));
    CHECK(holds(csv, "0.25,0.35,2,seen,"));
    const Json json = parse_json(table_json(report), "json");
    CHECK(json["complete"] == true);
    CHECK(json["data_sets"][0]["name"] == "a,\"b\"");
    CHECK(json["compressors"][0]["model"].is_null());
    CHECK(json["compressors"][1]["model"] == "0000000000000012");
    REQUIRE(json["cells"].size() == 4);
    const Json& cell = json["cells"][1];
    CHECK(cell["protocol"] == "continuous");
    CHECK(cell["origin"] == "seen");
    CHECK(cell["peak_memory_bytes"] == 3'000'000);
    CHECK(cell["chunk_bytes"].is_null());
    CHECK(json["cells"][0]["origin"].is_null());
    CHECK(json["cells"][3]["raw_rate"].is_null());
    CHECK(json["cells"][3]["failure"] == "why");
}

TEST_CASE("table: the chart's script holds a bar for each rate and quotes every name") {
    const std::string plot = table_plot(small_report(), "it's \"x\".svg");
    CHECK(holds(plot, "set output \"it's \\\"x\\\".svg\""));
    CHECK(holds(plot, "0 25.0000 25.0000 \"25.0\" 0"));
    CHECK(holds(plot, "1 25.0000 35.0000 \"25.0 (35.0)*\" 1"));
    CHECK(holds(plot, "\"m\\\\_1\""));
}
