#include <doctest/doctest.h>

#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::datasets;
using namespace bitlaw::baselines;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

const CompressorWatch kQuiet = [](std::uint64_t) {};

enum class Content { zero, noise, text };

Bytes content(Content kind, std::size_t count) {
    Random random(count);
    const std::string words = "the old stone house stands near the river under green light ";
    Bytes bytes(count);
    for (std::size_t i = 0; i < count; ++i) {
        bytes[i] = kind == Content::zero ? std::uint8_t{0}
                   : kind == Content::noise
                       ? static_cast<std::uint8_t>(random.next())
                       : static_cast<std::uint8_t>(words[(i * i / 7 + i) % words.size()]);
    }
    return bytes;
}

Bytes round_trip(const Compressor& compressor, const Bytes& plain, const DataShape& shape) {
    return compressor.restore(compressor.compress(plain, shape, kQuiet), plain.size(), shape, kQuiet);
}

}  // namespace

TEST_CASE("compressor: each restores what it compressed, whatever the length and the shape") {
    for (const Compressor& compressor : all_compressors()) {
        if (!compressor.missing.empty()) {
            continue;
        }
        CAPTURE(compressor.name);
        CHECK_FALSE(compressor.settings.empty());
        std::size_t wrong = 0;
        for (const DataShape shape : {DataShape{64, 1}, DataShape{64, 2}, DataShape{1, 1}}) {
            for (const std::size_t count : {1u, 2u, 31u, 33u, 64u, 65u, 2047u, 2048u}) {
                // Programs, and experts' tables, take long to begin; the shape is nothing to them.
                if (!compressor.chunks && (shape.row_bytes != 1 || (count != 1 && count != 2048))) {
                    continue;
                }
                for (const Content kind : {Content::zero, Content::noise, Content::text}) {
                    const Bytes plain = content(kind, count);
                    wrong += round_trip(compressor, plain, shape) == plain ? 0 : 1;
                }
            }
        }
        CHECK(wrong == 0);
        const Bytes chunk = content(Content::text, 2048);
        CHECK(compressor.compress(chunk, {}, kQuiet) == compressor.compress(chunk, {}, kQuiet));
        // Longer than the pieces that libraries are fed with, so that every loop runs more than once.
        if (compressor.key != "jxl" && compressor.key != "bitlaw") {
            const Bytes plain = content(Content::noise, 600'001);
            CHECK(round_trip(compressor, plain, {}) == plain);
        }
    }
}

TEST_CASE("compressor: what is regular becomes small, and noise does not become much larger") {
    for (const Compressor& compressor : all_compressors()) {
        if (!compressor.missing.empty()) {
            continue;
        }
        CAPTURE(compressor.name);
        const Bytes zeros = content(Content::zero, 20'000);
        CHECK(compressor.compress(zeros, {}, kQuiet).size() < 500);
        const Bytes noise = content(Content::noise, 20'000);
        const std::size_t packed = compressor.compress(noise, {}, kQuiet).size();
        CHECK(packed > 19'900);
        // FLAC falls back to stored samples, JPEG XL to a fixed code; none may double.
        CHECK(packed < 22'000);
    }
}

TEST_CASE("compressor: FLAC of 16 bits is for samples of 16 bits only, PNG of 32 has its own rows") {
    const auto one = [](const char* key) { return choose_compressors({key})[0]; };
    CHECK_FALSE(one("flac16").applies({64, 1}));
    CHECK(one("flac16").applies({64, 2}));
    CHECK(one("flac").applies({64, 2}));
    // The image's width stands in bytes 16 .. 19 of a PNG.
    const Bytes plain = content(Content::noise, 2048);
    CHECK(one("png32").compress(plain, {64, 1}, kQuiet)[19] == 32);
    CHECK(one("png").compress(plain, {64, 1}, kQuiet)[19] == 64);
    CHECK(one("png").compress(plain, {48, 1}, kQuiet)[19] == 48);
}

TEST_CASE("compressor: chosen by key, in the table's order") {
    const auto chosen = choose_compressors({"flac", "gzip"});
    REQUIRE(chosen.size() == 2);
    CHECK(chosen[0].key == "gzip");
    CHECK(holds(message_of<UsageError>([] { (void)choose_compressors({"rar"}); }),
                "'rar'; choose of gzip, bzip2"));
    std::set<std::string> names;
    for (const Compressor& compressor : all_compressors()) {
        names.insert(compressor.key);
        names.insert(compressor.name);
    }
    CHECK(names.size() == 2 * all_compressors().size());
}

TEST_CASE("compressor: damaged files are noticed, and a watch that throws ends the work") {
    const Bytes plain = content(Content::text, 5000);
    for (const Compressor& compressor : all_compressors()) {
        if (!compressor.missing.empty()) {
            continue;
        }
        CAPTURE(compressor.name);
        Bytes packed = compressor.compress(plain, {}, kQuiet);
        packed.resize(packed.size() / 2);
        CHECK_THROWS_AS((void)compressor.restore(packed, plain.size(), {}, kQuiet), Error);
        CHECK(message_of<Stopped>([&] {
                  (void)compressor.compress(plain, {}, [](std::uint64_t) { throw Stopped("stop"); });
              }) == "stop");
    }
}

TEST_CASE("compressor: a program's files are its input and output, and its failures are told") {
    const Bytes plain = content(Content::text, 5000);
    const Compressor copy =
        external_compressor("copy's", "cat {in} {in} > {out}", "head -c 5000 {in} > {out}");
    const Bytes packed = copy.compress(plain, {}, kQuiet);
    CHECK(packed.size() == 10'000);
    CHECK(copy.restore(packed, plain.size(), {}, kQuiet) == plain);
    CHECK(copy.program_memory() > 0);
    CHECK_FALSE(copy.chunks);
    CHECK_FALSE(external_compressor("x", "cp {in} {out}", std::nullopt).restore);
    const auto failure = [&](const char* command) {
        return message_of<Error>(
            [&] { (void)external_compressor("x", command, std::nullopt).compress(plain, {}, kQuiet); });
    };
    CHECK(holds(failure("cp {in} {out}; exit 3"), "exit code 3"));
    CHECK(holds(failure("kill -9 $$; {in} {out}"), "exit code 137"));
    CHECK(holds(failure("true {in} {out}"), "wrote no file"));
    CHECK_THROWS_AS((void)external_compressor("x", "cp {in} out", std::nullopt), UsageError);
    CHECK_THROWS_AS((void)external_compressor("", "cp {in} {out}", std::nullopt), UsageError);
    // A program that would run for a minute is ended when its watch throws.
    int calls = 0;
    const auto stop = [&calls](std::uint64_t) {
        if (++calls > 3) {
            throw Stopped("stop");
        }
    };
    CHECK_THROWS_AS(
        (void)external_compressor("x", "sleep 60; cp {in} {out}", std::nullopt).compress(plain, {}, stop),
        Stopped);
}
