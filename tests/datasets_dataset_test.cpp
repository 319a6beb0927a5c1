#include "bitlaw/datasets/dataset.hpp"

#include <doctest/doctest.h>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "support/message.hpp"
#include "support/pictures.hpp"
#include "support/temporary_folder.hpp"

using namespace bitlaw;
using namespace bitlaw::coding;
using namespace bitlaw::datasets;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::png_file;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::wav_file;

namespace {

const SourceProgress kQuiet = [](std::uint64_t, std::uint64_t) {};

Bytes text_bytes(const std::string& text) { return {text.begin(), text.end()}; }

// A gray picture of one value, of which `columns` x `rows` patches can be cut.
Bytes plain_png(std::uint32_t columns, std::uint32_t rows, std::uint8_t value) {
    return png_file(columns * kPatchColumns, rows * kPatchRows, 1,
                    Bytes(std::size_t{columns} * rows * kChunkBytes, value));
}

struct MadeSet {
    Bytes bytes;
    Manifest manifest;
};

template <class Make>
MadeSet made(const Make& make) {
    MadeSet set;
    set.manifest =
        make([&](ByteSpan piece) { set.bytes.insert(set.bytes.end(), piece.begin(), piece.end()); });
    return set;
}

MadeSet images(const SourceChoice& choice) {
    return made([&](const ByteSink& sink) { return make_image_set(choice, sink, kQuiet); });
}

MadeSet sounds(const SourceChoice& choice, unsigned bits) {
    return made([&](const ByteSink& sink) { return make_audio_set(choice, bits, sink, kQuiet); });
}

}  // namespace

TEST_CASE("dataset: images of a folder in the order of their names, broken ones named and left out") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "sub");
    write_file(folder / "b.PNG", plain_png(1, 2, 20));
    write_file(folder / "a.png", plain_png(2, 1, 10));
    write_file(folder / "sub/c.png", plain_png(1, 1, 30));
    write_file(folder / "broken.png", text_bytes("no picture"));
    write_file(folder / "small.png", png_file(63, 400, 1, Bytes(63 * 400)));
    write_file(folder / "notes.txt", text_bytes("not for us"));
    const SourceChoice all{.inputs = {folder.path().string()}, .skip = 0, .first = {}};
    const MadeSet set = images(all);
    CHECK(set.bytes.size() == 5 * kChunkBytes);
    CHECK(set.bytes[0] == 10);
    CHECK(set.bytes[2 * kChunkBytes] == 20);
    CHECK(set.bytes[4 * kChunkBytes] == 30);
    const Manifest& m = set.manifest;
    CHECK(m.bytes == set.bytes.size());
    CHECK(m.hash == hash64(set.bytes));
    CHECK(m.found == 5);
    CHECK(m.ignored == 1);
    REQUIRE(m.sources.size() == 3);
    CHECK(m.sources[2].name == "sub/c.png");
    CHECK(m.sources[2].hash == hash64(plain_png(1, 1, 30)));
    CHECK(m.sources[1].bytes == 2 * kChunkBytes);
    REQUIRE(m.skipped.size() == 2);
    CHECK(m.skipped[0].name == "broken.png");
    CHECK(holds(m.skipped[0].reason, "neither a JPEG nor a PNG"));
    CHECK(m.skipped[1].name == "small.png");
    CHECK(holds(m.skipped[1].reason, "too few"));
    // Disjoint parts: the split goes by the list of names, whatever is broken in it.
    const MadeSet front = images({.inputs = all.inputs, .skip = 0, .first = 2});
    const MadeSet back = images({.inputs = all.inputs, .skip = 2, .first = {}});
    Bytes joined = front.bytes;
    joined.insert(joined.end(), back.bytes.begin(), back.bytes.end());
    CHECK(joined == set.bytes);
    CHECK(front.manifest.sources.size() == 2);
}

TEST_CASE("dataset: no files, only broken files and nothing chosen are refused") {
    const TemporaryFolder folder;
    const SourceChoice choice{.inputs = {folder.path().string()}, .skip = 0, .first = {}};
    const auto refusal = [](const SourceChoice& c) { return message_of<Error>([&] { (void)images(c); }); };
    CHECK(holds(refusal(choice), "it is empty"));
    write_file(folder / "x.wav", text_bytes("other kind"));
    CHECK(holds(refusal(choice), "only 1 other files"));
    write_file(folder / "x.png", text_bytes("broken"));
    CHECK(holds(refusal(choice), "nothing is left of 1 file: x.png"));
    CHECK(holds(
        message_of<UsageError>([&] { (void)images({.inputs = choice.inputs, .skip = 1, .first = {}}); }),
        "leaves nothing"));
    CHECK(
        holds(message_of<UsageError>([&] { (void)images({.inputs = {"/no/such"}, .skip = 0, .first = {}}); }),
              "no file or folder"));
}

TEST_CASE("dataset: a sink that fails ends the work instead of leaving files out") {
    const TemporaryFolder folder;
    write_file(folder / "a.png", plain_png(2, 2, 1));
    const SourceChoice choice{.inputs = {folder.path().string()}, .skip = 0, .first = {}};
    CHECK(message_of<Error>([&] {
              (void)make_image_set(
                  choice, [](ByteSpan) { fail("disk full"); }, kQuiet);
          }) == "disk full");
}

TEST_CASE("dataset: sound is cut at every file's end, and what fills no chunk is dropped and counted") {
    const TemporaryFolder folder;
    Bytes samples(2 * 5000);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] = static_cast<std::uint8_t>(i * 7 / 3);
    }
    write_file(folder / "a.wav", wav_file(1, 16, samples));
    write_file(folder / "b.wav", wav_file(1, 16, {samples.begin(), samples.begin() + 2 * 2048}));
    write_file(folder / "short.wav", wav_file(1, 16, {samples.begin(), samples.begin() + 2 * 2047}));
    write_file(folder / "stereo.wav", wav_file(2, 16, samples));
    const SourceChoice choice{.inputs = {folder.path().string()}, .skip = 0, .first = {}};
    const MadeSet narrow = sounds(choice, 8);
    CHECK(narrow.bytes.size() == 3 * kChunkBytes);
    CHECK(narrow.manifest.dropped == 5000 - 2 * 2048);
    CHECK(narrow.manifest.shape.sample_bytes == 1);
    REQUIRE(narrow.manifest.skipped.size() == 2);
    CHECK(holds(narrow.manifest.skipped[0].reason, "too few for one chunk"));
    CHECK(holds(narrow.manifest.skipped[1].reason, "2 channels"));
    const MadeSet wide = sounds(choice, 16);
    CHECK(wide.manifest.shape.sample_bytes == 2);
    CHECK(wide.bytes.size() == (4 + 2 + 1) * kChunkBytes);
    CHECK(std::equal(wide.bytes.begin(), wide.bytes.begin() + 4 * kChunkBytes, samples.begin()));
    CHECK_THROWS_AS(sounds(choice, 24), UsageError);
}

TEST_CASE("dataset: text as it is, with ranges; random bytes by their seed") {
    const TemporaryFolder folder;
    write_file(folder / "t", text_bytes("0123456789"));
    const MadeSet set = made([&](const ByteSink& sink) {
        return make_text_set(
            {.inputs = {(folder / "t").string(), (folder / "t").string() + "@2:5"}, .skip = 0, .first = {}},
            sink, kQuiet);
    });
    CHECK(set.bytes == text_bytes("0123456789234"));
    CHECK(set.manifest.sources[1].hash == hash64(text_bytes("234")));
    const auto random = [](std::uint64_t bytes, std::uint64_t seed) {
        return made([&](const ByteSink& sink) { return make_random_set(bytes, seed, sink); });
    };
    const MadeSet first = random(100'001, 1);
    CHECK(first.bytes.size() == 100'001);
    CHECK(first.manifest.hash == hash64(first.bytes));
    CHECK(random(100'001, 1).bytes == first.bytes);
    CHECK(random(100'001, 2).bytes != first.bytes);
    const Bytes start = random(1000, 1).bytes;
    CHECK(std::equal(start.begin(), start.end(), first.bytes.begin()));
}

TEST_CASE("dataset: a manifest is read back, and others are refused") {
    Manifest m;
    m.kind = DataKind::audio;
    m.shape.sample_bytes = 2;
    m.rule = "a \"rule\"\nof two lines";
    m.bytes = 18'446'744'073'709'551'615u;
    m.hash = 0x0123456789abcdef;
    m.found = 3;
    m.sources.push_back({"ü/a.wav", 5, 100, 50, "detail"});
    m.skipped.push_back({"b\\c", "reason"});
    const std::string json = manifest_json(m);
    const Manifest back = parse_manifest(json, "m.json");
    CHECK(manifest_json(back) == json);
    CHECK(back.bytes == m.bytes);
    CHECK(back.skipped[0].name == "b\\c");
    CHECK(holds(message_of<Error>([] { (void)parse_manifest("{}", "m.json"); }), "m.json is no manifest"));
    CHECK(holds(message_of<Error>([] { (void)parse_manifest("[1, 2", "m.json"); }), "no JSON at byte 5"));
    std::size_t silent = 0;
    for (std::size_t count = 0; count + 2 < json.size(); ++count) {
        silent +=
            message_of<Error>([&] { (void)parse_manifest(json.substr(0, count), "m"); }).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
}
