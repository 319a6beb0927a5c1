#include <doctest/doctest.h>

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/codec.hpp"
#include "support/message.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::coding;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

// An archive of seven blocks, the middle one stored, and which of its bytes were read.
struct Sample {
    explicit Sample(bool embedded)
        : model(test::noisy_model(test::smallest_config(Architecture::modern, 4), 6)) {
        plain = test::likely_bytes(model, 650, 1);
        std::fill(plain.begin() + 300, plain.begin() + 400, std::uint8_t{200});
        CompressOptions options;
        options.block_bytes = 100;
        options.embed_model = embedded;
        (void)compress(model, options, source_of(plain), sink_to(archive));
    }
    Bytes range(std::uint64_t begin, std::uint64_t end) {
        Bytes out;
        const SeekableSource source{
            archive.size(), [this](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const std::size_t from = std::min<std::uint64_t>(offset, archive.size());
                const std::size_t count = std::min(buffer.size(), archive.size() - from);
                std::copy_n(archive.begin() + static_cast<long>(from), count, buffer.begin());
                return count;
            }};
        const ModelFinder find = [this](std::uint64_t) -> const StoredModel& { return model; };
        summary = decompress_range(find, source, begin, end, sink_to(out), {});
        return out;
    }
    StoredModel model;
    Bytes plain;
    Bytes archive;
    CodecSummary summary;
};

}  // namespace

TEST_CASE("range: every kind of range gives its bytes and reads only its blocks") {
    for (const bool embedded : {false, true}) {
        Sample sample(embedded);
        for (const std::uint64_t begin : {0, 1, 99, 100, 101, 299, 350, 600, 649, 650}) {
            for (const std::uint64_t end : {0, 1, 100, 101, 400, 649, 650, 10000}) {
                if (begin > end) {
                    continue;
                }
                const std::uint64_t last = std::min<std::uint64_t>(end, 650);
                const Bytes expected(sample.plain.begin() + static_cast<long>(begin),
                                     sample.plain.begin() + static_cast<long>(std::max(begin, last)));
                REQUIRE(sample.range(begin, end) == expected);
                REQUIRE(sample.summary.plain_bytes == expected.size());
                const std::uint64_t blocks = expected.empty() ? 0 : (last + 99) / 100 - begin / 100;
                REQUIRE(sample.summary.blocks == blocks);
            }
        }
    }
}

TEST_CASE(
    "range: damage elsewhere does no harm, damage in the block is found, and so is damage of the index") {
    Sample sample(false);
    const Bytes whole = sample.archive;
    const ArchiveIndex index =
        read_index({whole.size(), [&](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                        std::copy_n(whole.begin() + static_cast<long>(offset), buffer.size(), buffer.begin());
                        return buffer.size();
                    }});
    REQUIRE(index.blocks.size() == 7);
    CHECK(index.plain_bytes == 650);
    sample.archive[index.first_block + 20] ^= 1;  // in block 1
    const Bytes third(sample.plain.begin() + 200, sample.plain.begin() + 300);
    CHECK(sample.range(200, 300) == third);
    CHECK(holds(message_of<Error>([&] { (void)sample.range(50, 60); }), "in block 1"));
    for (std::size_t place = whole.size() - 8 - 10; place < whole.size(); ++place) {
        sample.archive = whole;
        sample.archive[place] ^= 0x21;
        REQUIRE(holds(message_of<Error>([&] { (void)sample.range(200, 300); }), "index"));
    }
    for (std::size_t length = 0; length < whole.size(); length += 7) {
        sample.archive.assign(whole.begin(), whole.begin() + static_cast<long>(length));
        REQUIRE(holds(message_of<Error>([&] { (void)sample.range(200, 300); }), "index"));
    }
}

TEST_CASE("range: one that begins beyond the end is refused") {
    Sample sample(false);
    CHECK(holds(message_of<Error>([&] { (void)sample.range(651, 700); }), "the archive holds 650"));
}
