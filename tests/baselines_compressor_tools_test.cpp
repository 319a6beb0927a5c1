#include <doctest/doctest.h>

#include <cstdlib>

#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/baselines/program.hpp"
#include "support/temporary_folder.hpp"

using namespace bitlaw;
using namespace bitlaw::datasets;
using namespace bitlaw::baselines;
using bitlaw::test::TemporaryFolder;

namespace {

const CompressorWatch kQuiet = [](std::uint64_t) {};

// Sentences out of few words, so that all of a compressor's parts have work.
Bytes prose(std::size_t count) {
    static const char* const kWords[] = {"the ",    "old ",   "river ", "stone ", "runs ",  "under ",
                                         "light, ", "and ",   "of ",    "far.\n", "house ", "sea ",
                                         "falls ",  "green ", "near ",  "winter "};
    Random random(5);
    Bytes bytes;
    while (bytes.size() < count) {
        for (const char* c = kWords[random.below(16)]; *c != '\0'; ++c) {
            bytes.push_back(static_cast<std::uint8_t>(*c));
        }
        if (random.below(9) == 0) {
            bytes.push_back(static_cast<std::uint8_t>('0' + random.below(10)));
        }
    }
    bytes.resize(count);
    return bytes;
}

bool has_tool(const std::string& tool) {
    const bool found = run_program("command -v " + tool, [] {}).exit_code == 0;
    if (!found) {
        MESSAGE("skipped: ", tool, " is not installed");
    }
    return found;
}

// What the command makes of the bytes; {in} and {out} are files in a folder.
Bytes tool_output(const std::string& command, const Bytes& plain) {
    return external_compressor("tool", command, std::nullopt).compress(plain, {}, kQuiet);
}

Bytes ours(const char* key, const Bytes& plain, const DataShape& shape = {}) {
    return choose_compressors({key})[0].compress(plain, shape, kQuiet);
}

constexpr std::size_t kBytes = 400'003;

}  // namespace

TEST_CASE("compressor tools: bzip2, xz, zstd and brotli write the same bytes as ours") {
    for (const std::size_t count : {kBytes, std::size_t{2048}, std::size_t{1}}) {
        CAPTURE(count);
        const Bytes plain = prose(count);
        if (has_tool("bzip2")) {
            CHECK(ours("bzip2", plain) == tool_output("bzip2 -9c {in} > {out}", plain));
        }
        if (has_tool("xz")) {
            const bool is_small = count <= 65536;
            const std::string dictionary = is_small ? ",dict=64KiB" : "";
            CHECK(ours("xz", plain) ==
                  tool_output("xz -T1 --lzma2=preset=9e" + dictionary + " -c {in} > {out}", plain));
            CHECK(ours("lzma2", plain) ==
                  tool_output("xz -T1 --format=raw --lzma2=preset=9e" + dictionary + " -c {in} > {out}",
                              plain));
            // The smaller dictionary changes its field in the header and no size.
            CHECK(ours("xz", plain).size() == tool_output("xz -T1 -9e -c {in} > {out}", plain).size());
        }
        if (has_tool("zstd")) {
            CHECK(ours("zstd", plain) ==
                  tool_output("zstd -q --ultra -22 --long=27 --single-thread {in} -o {out}", plain));
        }
        if (has_tool("brotli")) {
            CHECK(ours("brotli", plain) == tool_output("brotli -q 11 -w 24 {in} -o {out}", plain));
        }
    }
}

TEST_CASE("compressor tools: flac writes the same bytes as ours, of 8 and 16 bits") {
    if (!has_tool("flac")) {
        return;
    }
    const std::string raw =
        "flac -s -8 --no-padding --no-seektable --force-raw-format --channels=1 --sample-rate=16000 "
        "--endian=little ";
    for (const std::size_t count : {std::size_t{300'000}, std::size_t{2048}, std::size_t{2}}) {
        CAPTURE(count);
        const Bytes plain = prose(count);
        CHECK(ours("flac", plain) == tool_output(raw + "--bps=8 --sign=unsigned {in} -o {out}", plain));
        CHECK(ours("flac16", plain, {64, 2}) ==
              tool_output(raw + "--bps=16 --sign=signed {in} -o {out}", plain));
    }
}

TEST_CASE("compressor tools: gzip restores ours, whose size is nearly its own") {
    // gzip has a deflate of its own, older than zlib's, which ends blocks at other places: no equal bytes.
    if (!has_tool("gzip")) {
        return;
    }
    const Bytes plain = prose(kBytes);
    const Bytes packed = ours("gzip", plain);
    CHECK(tool_output("gzip -dc < {in} > {out}", packed) == plain);
    const auto size = static_cast<double>(packed.size());
    const auto tool_size = static_cast<double>(tool_output("gzip -9nc {in} > {out}", plain).size());
    CHECK(size / tool_size == doctest::Approx(1.0).epsilon(0.01));
}

TEST_CASE("compressor tools: zlib's own output as Python's, which the paper's code calls") {
    if (!has_tool("python3")) {
        return;
    }
    const Bytes plain = prose(kBytes);
    Bytes packed = ours("gzip", plain);
    Bytes python = tool_output(
        "python3 -c 'import gzip, sys; open(sys.argv[2], \"wb\").write(gzip.compress(open(sys.argv[1], "
        "\"rb\").read(), 9))' "
        "{in} {out}",
        plain);
    REQUIRE(packed.size() == python.size());
    // Of the header's 10 bytes, 4 hold the time and 1 the system.
    CHECK(std::equal(packed.begin() + 10, packed.end(), python.begin() + 10));
}

TEST_CASE("compressor tools: djxl and pngtopnm see the pixels that went into ours") {
    // pixel(x, y) = bytes[64 y + x]; PGM is a header of three lines and then the pixels.
    const Bytes plain = prose(2048);
    const auto pixels_of = [](const Bytes& pgm) { return Bytes(pgm.end() - 2048, pgm.end()); };
    if (has_tool("djxl")) {
        const Bytes pgm = tool_output("cp {in} {in}.jxl && djxl {in}.jxl {out}.pgm && cp {out}.pgm {out}",
                                      ours("jxl", plain));
        REQUIRE(pgm.size() > 2048);
        CHECK(pixels_of(pgm) == plain);
    }
    if (has_tool("pngtopnm")) {
        const Bytes pgm = tool_output("pngtopnm {in} > {out}", ours("png", plain));
        REQUIRE(pgm.size() > 2048);
        CHECK(pixels_of(pgm) == plain);
    }
    if (has_tool("cjxl")) {
        Bytes pgm{'P', '5', '\n', '6', '4', ' ', '3', '2', '\n', '2', '5', '5', '\n'};
        pgm.insert(pgm.end(), plain.begin(), plain.end());
        const Bytes tool = tool_output(
            "cp {in} {in}.pgm && cjxl -d 0 -e 9 --container=0 {in}.pgm {out}.jxl && cp {out}.jxl {out}", pgm);
        // The tool describes the same gray in other words of the header.
        CHECK(ours("jxl", plain).size() == tool.size());
    }
}
