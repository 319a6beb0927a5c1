#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/codec.hpp"
#include "support/message.hpp"
#include "support/peak_memory.hpp"
#include "support/reseal.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::coding;
using bitlaw::test::holds;
using bitlaw::test::resealed_archive;

namespace {

constexpr std::uint64_t kMemoryBound = 64 * 1024 * 1024;

// An archive of four blocks, coded, stored, coded without the model and coded, in up to three streams.
struct Sample {
    Sample(Architecture architecture, bool embedded)
        : model(test::noisy_model(test::smallest_config(architecture, 4), 6)),
          plain(test::likely_bytes(model, 400, 1)) {
        const Bytes noise = test::random_bytes(120, 3);
        std::copy(noise.begin(), noise.end(), plain.begin() + 120);
        std::fill_n(plain.begin() + 240, 120, std::uint8_t{200});  // outside the alphabet
        CompressOptions options;
        options.block_bytes = 120;
        options.streams = 3;
        options.embed_model = embedded;
        options.fallback = Fallback::worse;
        const CodecSummary summary = compress(model, options, source_of(plain), sink_to(archive));
        CHECK(summary.blocks == 4);
        CHECK(summary.blocks_of(kStored) == 1);
        CHECK(summary.blocks_of(kSevenContexts) == 1);
    }
    StoredModel model;
    Bytes plain;
    Bytes archive;
};

struct Outcome {
    bool restored = false;  ///< the whole archive was decoded
    bool bounded = true;    ///< one line of Error, or no more output than the blocks may hold
};

// Decodes and lists; every exception other than Error leaves and fails the test.
Outcome outcome(const Sample& sample, const Bytes& archive) {
    Outcome result;
    std::uint64_t written = 0;
    try {
        const ModelFinder find = [&](std::uint64_t) -> const StoredModel& { return sample.model; };
        (void)decompress(find, source_of(archive), [&](ByteSpan data) { written += data.size(); }, {});
        result.restored = true;
    } catch (const Error& error) {
        result.bounded = !holds(error.what(), "\n") && std::string(error.what()).size() > 20;
    }
    result.bounded = result.bounded && written <= archive.size() * kMaxBlockBytes;
    try {
        (void)list_archive(source_of(archive));
    } catch (const Error& error) {
        result.bounded = result.bounded && !holds(error.what(), "\n");
    }
    return result;
}

}  // namespace

TEST_CASE("hostile archive: every truncation is an Error, with the checks left and recomputed") {
    const test::Threads threads(1);  // thousands of tiny inputs
    const test::PeakMemory memory;
    for (const bool embedded : {false, true}) {
        for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
            const Sample sample(architecture, embedded);
            REQUIRE(outcome(sample, sample.archive).restored);
            REQUIRE(resealed_archive(sample.archive) == sample.archive);
            for (std::size_t length = 0; length < sample.archive.size(); ++length) {
                const Bytes shorter(sample.archive.begin(),
                                    sample.archive.begin() + static_cast<long>(length));
                for (const Bytes& bytes : {shorter, resealed_archive(shorter)}) {
                    const Outcome result = outcome(sample, bytes);
                    REQUIRE(result.bounded);
                    REQUIRE_FALSE(result.restored);
                }
            }
        }
    }
    CHECK(memory.growth() < kMemoryBound);
}

TEST_CASE("hostile archive: every changed byte is an Error, or with checks recomputed a bounded result") {
    const test::Threads threads(1);  // thousands of tiny inputs
    const test::PeakMemory memory;
    for (const bool embedded : {false, true}) {
        for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
            const Sample sample(architecture, embedded);
            for (std::size_t place = 0; place < sample.archive.size(); ++place) {
                for (const int pattern : {0x01, 0x10, 0x80, 0xFF}) {
                    CAPTURE(place);
                    CAPTURE(pattern);
                    Bytes changed = sample.archive;
                    changed[place] = static_cast<std::uint8_t>(changed[place] ^ pattern);
                    const Outcome left = outcome(sample, changed);
                    REQUIRE(left.bounded);
                    REQUIRE_FALSE(left.restored);
                    REQUIRE(outcome(sample, resealed_archive(changed)).bounded);
                }
            }
        }
    }
    CHECK(memory.growth() < kMemoryBound);
}

TEST_CASE("hostile archive: several fields forged at once, with checks recomputed") {
    const test::Threads threads(1);  // thousands of tiny inputs
    const test::PeakMemory memory;
    const Sample sample(Architecture::modern, false);
    Random random(8);
    for (int round = 0; round < 3000; ++round) {
        Bytes changed = sample.archive;
        for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
            changed[random.below(changed.size())] = static_cast<std::uint8_t>(random.next());
        }
        REQUIRE(outcome(sample, resealed_archive(changed)).bounded);
    }
    CHECK(memory.growth() < kMemoryBound);
}

TEST_CASE("hostile archive: wrong payload with right checks is found by the hash of the plain bytes") {
    const Sample sample(Architecture::modern, false);
    const ByteSource source = source_of(sample.archive);
    ArchiveReader reader(source);
    BlockHeader header;
    REQUIRE(reader.next_block(header));
    Bytes changed = sample.archive;
    changed[reader.position()] ^= 1;  // the first byte of the first stream
    std::string message = test::message_of<Error>([&] {
        const ModelFinder find = [&](std::uint64_t) -> const StoredModel& { return sample.model; };
        Bytes plain;
        (void)decompress(find, source_of(resealed_archive(changed)), sink_to(plain), {});
    });
    CHECK(holds(message, "in block 1: the block's bytes were restored but their hash does not match"));
    message = test::message_of<Error>([&] { (void)list_archive(source_of(changed)); });
    CHECK(holds(message, "in block 1: the check of the block does not match"));
}

TEST_CASE("hostile archive: a block that claims far more than its payload ends with a bounded result") {
    const test::Threads threads(1);  // thousands of tiny inputs
    const test::PeakMemory memory;
    const Sample sample(Architecture::modern, false);
    Bytes forged = header_bytes({kArithmeticVersion, sample.model.id, 0, 0});
    const Bytes front = block_header_bytes({kNetwork, 300'000, {5}, 1});
    forged.insert(forged.end(), front.begin(), front.end());
    forged.resize(forged.size() + 5 + 4, 0xA5);
    const Outcome result = outcome(sample, resealed_archive(forged));
    CHECK(result.bounded);
    CHECK_FALSE(result.restored);
    CHECK(memory.growth() < kMemoryBound);
}
