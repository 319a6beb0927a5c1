#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/joined.hpp"
#include "bitlaw/coding/method.hpp"
#include "support/message.hpp"
#include "support/peak_memory.hpp"
#include "support/reseal.hpp"

using namespace bitlaw;
using namespace bitlaw::coding;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::resealed_archive;

namespace {

const ArchiveHeader kHeader{3, 0x1122334455667788, 2048, 0};
constexpr std::size_t kHeaderBytes = 23;  // with a two-byte number for 2048

Bytes counting(std::size_t count) {
    Bytes bytes(count);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return bytes;
}

void put_stored(ArchiveWriter& writer, const Bytes& plain) {
    const ByteSpan piece = plain;
    writer.block({kStored, plain.size(), {}, hash64(plain)}, {&piece, 1});
}

Bytes archive_of(const std::vector<Bytes>& blocks, const Bytes& model = {}) {
    Bytes out;
    const ByteSink sink = sink_to(out);
    ArchiveWriter writer(sink, kHeader, model);
    for (const Bytes& block : blocks) {
        put_stored(writer, block);
    }
    writer.finish();
    CHECK(writer.position() == out.size());
    return out;
}

// Reads everything; returns the plain bytes of stored blocks.
Bytes read_all(ByteSpan archive) {
    const ByteSource source = source_of(archive);
    ArchiveReader reader(source);
    reader.skip_model();
    Bytes plain;
    BlockHeader header;
    do {
        while (reader.next_block(header)) {
            const Bytes payload = reader.payload();
            plain.insert(plain.end(), payload.begin(), payload.end());
        }
    } while (reader.next_archive());
    CHECK(reader.position() == archive.size());
    return plain;
}

std::string reading(const Bytes& archive) {
    return message_of<Error>([&] { (void)read_all(archive); });
}

Bytes joined(Bytes a, ByteSpan b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

SeekableSource seekable(const Bytes& file) {
    return {file.size(), [&file](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const ByteSpan left = ByteSpan(file).subspan(std::min<std::size_t>(offset, file.size()));
                const std::size_t count = std::min(buffer.size(), left.size());
                std::copy_n(left.begin(), count, buffer.begin());
                return count;
            }};
}

}  // namespace

TEST_CASE("archive: what is written is read: header, model, blocks of both kinds, trailer") {
    const Bytes model = counting(200);
    const std::vector<Bytes> streams{counting(10), {}, counting(300)};
    Bytes out;
    const ByteSink sink = sink_to(out);
    ArchiveWriter writer(sink, kHeader, model);
    put_stored(writer, counting(70000));
    const std::vector<ByteSpan> pieces(streams.begin(), streams.end());
    writer.block({kNetwork, 5000, {10, 0, 300}, 42}, pieces);
    writer.finish();

    const ByteSource source = source_of(out);
    ArchiveReader reader(source);
    CHECK(reader.header().arithmetic_version == 3);
    CHECK(reader.header().model_id == 0x1122334455667788);
    CHECK(reader.header().reset_every == 2048);
    CHECK(reader.header().model_bytes == 200);
    CHECK(reader.model() == model);
    BlockHeader header;
    REQUIRE(reader.next_block(header));
    CHECK(header.method == kStored);
    CHECK(header.plain_bytes == 70000);
    CHECK(header.stream_bytes.empty());
    CHECK(reader.payload() == counting(70000));
    REQUIRE(reader.next_block(header));
    CHECK(header.method == kNetwork);
    CHECK(header.plain_bytes == 5000);
    CHECK(header.plain_hash == 42);
    CHECK(header.stream_bytes == std::vector<std::uint64_t>{10, 0, 300});
    CHECK(reader.payload() == joined(counting(10), counting(300)));
    CHECK_FALSE(reader.next_block(header));
    CHECK(reader.position() == out.size());
}

TEST_CASE("archive: an empty one has 38 bytes, and the sizes of the pieces add up") {
    CHECK(archive_of({}).size() == kHeaderBytes + 15);
    CHECK(read_all(archive_of({})).empty());
    const std::vector<IndexEntry> index{{1 + 1 + 8 + 5 + kBlockCheckBytes, 5}};
    CHECK(archive_of({counting(5)}).size() ==
          header_bytes(kHeader).size() + index[0].archive_bytes + trailer_bytes(index).size());
}

TEST_CASE("archive: the index is found from the end") {
    const Bytes archive = archive_of({counting(300), counting(20)});
    const ByteSpan tail = ByteSpan(archive).last(8);
    CHECK(std::equal(kArchiveEnd.begin(), kArchiveEnd.end(), tail.begin() + 4));
    const std::uint32_t length = ByteReader(tail, "tail").u32();
    ByteReader trailer(ByteSpan(archive).subspan(archive.size() - 8 - length), "trailer");
    CHECK(trailer.u8() == 0);
    CHECK(trailer.varint() == 320);
    CHECK(trailer.varint() == 2);
    CHECK(trailer.varint() == 300 + 3 + 8 + 4);
    CHECK(trailer.varint() == 300);
    CHECK(trailer.varint() == 20 + 2 + 8 + 4);
    CHECK(trailer.varint() == 20);
}

TEST_CASE("archive: the test's own sealing agrees with the writer") {
    for (const Bytes& archive : {archive_of({}), archive_of({counting(300), counting(20)})}) {
        CHECK(resealed_archive(archive) == archive);
        Bytes broken = archive;
        for (std::size_t i = broken.size() - 12; i < broken.size() - 8; ++i) {
            broken[i] ^= 0x55;  // the trailer's check
        }
        CHECK(broken != archive);
        CHECK(resealed_archive(broken) == archive);
    }
}

TEST_CASE("archive: what is none is called so") {
    CHECK(holds(reading({}), "only 0 bytes"));
    CHECK(holds(reading({0x89, 'B'}), "only 2 bytes"));
    CHECK(holds(reading(counting(100)), "not a bitlaw archive"));
    Bytes newer = archive_of({});
    for (const int version : {0, 3, 255}) {
        newer[4] = static_cast<std::uint8_t>(version);
        CHECK(holds(reading(newer), text_of("format version ", version, ", and this program reads")));
    }
    newer = archive_of({});
    newer[5] = 1;
    CHECK(holds(reading(newer), "the check of the header does not match"));
    CHECK(holds(reading(resealed_archive(newer)), "unknown flags 1"));
}

TEST_CASE("archive: every truncation says where it ends") {
    const Bytes archive = archive_of({counting(300), counting(20)});
    for (std::size_t length = 4; length < archive.size(); ++length) {
        const std::string message =
            reading(Bytes(archive.begin(), archive.begin() + static_cast<long>(length)));
        REQUIRE(holds(message, text_of("ends too early, at byte ")));
        REQUIRE(holds(message, length < kHeaderBytes         ? "in the header"
                               : length < kHeaderBytes + 315 ? "in block 1"
                               : length < kHeaderBytes + 349 ? "in block 2"
                                                             : "in "));
        REQUIRE_FALSE(holds(message, "\n"));
    }
}

TEST_CASE("archive: bytes after the end are errors that say where to cut, unless they are another archive") {
    const Bytes archive = archive_of({counting(300)});
    const std::string size = std::to_string(archive.size());
    CHECK(holds(reading(joined(archive, counting(1))), "bytes after the archive's end at byte " + size));
    CHECK(holds(reading(joined(archive, counting(100))), "bytes after the archive's end at byte " + size));
    const Bytes twice = joined(archive, archive);
    CHECK(read_all(twice) == joined(counting(300), counting(300)));
    CHECK(holds(reading(joined(twice, counting(3))),
                "bytes after the archive's end at byte " + std::to_string(2 * archive.size())));
    const Bytes broken(twice.begin(), twice.end() - 5);
    CHECK(holds(reading(broken), "the archive ends too early"));
    const SeekableSource file = seekable(twice);
    const std::vector<ArchiveSpan> spans = archive_spans(file);
    REQUIRE(spans.size() == 2);
    CHECK(spans[1].begin == archive.size());
    CHECK(spans[1].archive_bytes == archive.size());
    CHECK(spans[1].plain_bytes == 300);
    CHECK(read_index(part_of(file, spans[1])).plain_bytes == 300);
}

TEST_CASE("archive: blocks that changed places are found") {
    const Bytes one = archive_of({counting(100), Bytes(100, 7)});
    Bytes other = archive_of({Bytes(100, 7), counting(100)});
    REQUIRE(one.size() == other.size());
    // The other's first block in place of the first, with its own check.
    const std::size_t block = 2 + 8 + 100 + 4;
    Bytes swapped = one;
    std::copy_n(one.begin() + kHeaderBytes + static_cast<long>(block), block, swapped.begin() + kHeaderBytes);
    CHECK(holds(reading(swapped), "in block 1: the check of the block does not match"));
}

TEST_CASE("archive: forged fields are named, with all checks right") {
    const auto forged = [](const BlockHeader& header, std::size_t payload) {
        Bytes out = header_bytes(kHeader);
        const Bytes front = block_header_bytes(header);
        out.insert(out.end(), front.begin(), front.end());
        out.resize(out.size() + payload + 4);
        return reading(resealed_archive(joined(out, trailer_bytes({}))));
    };
    CHECK(holds(forged({kStored, 0, {}, 0}, 0), "the block is empty"));
    CHECK(holds(forged({kStored, kMaxBlockBytes + 1, {}, 0}, 9), "at most 16777216 is possible"));
    CHECK(holds(forged({kStored, ~std::uint64_t{0}, {}, 0}, 9), "the plain length is 18446744073709551615"));
    CHECK(holds(forged({kNetwork, 9, {}, 0}, 9), "no streams"));
    CHECK(holds(forged({kNetwork, 2, {0, 0, 0}, 0}, 0), "the number of streams is 3, but at most 2"));
    CHECK(holds(forged({kNetwork, 5000, std::vector<std::uint64_t>(4097, 0), 0}, 0),
                "the number of streams is 4097, but at most 4096"));
    CHECK(holds(forged({kSevenContexts, 9, {}, 0}, 9), "no streams"));
    CHECK(holds(forged({kNetwork, 9, {5, 4}, 0}, 9), "the length of a stream is 4, but at most 3"));
    CHECK(holds(forged({kStored, 9, {}, 0}, 9),
                "the total plain length is 0, but the blocks before it give 9"));

    Bytes padded = header_bytes(kHeader);
    padded.insert(padded.end(), {1, 0x85, 0x00});
    CHECK(holds(reading(padded), "in block 1: the plain length is malformed"));

    const auto with_trailer = [](const std::vector<IndexEntry>& index) {
        return reading(resealed_archive(joined(header_bytes(kHeader), trailer_bytes(index))));
    };
    CHECK(holds(with_trailer({{14, 0}}), "the number of blocks is 1, but the blocks before it give 0"));
    Bytes length = archive_of({});
    length[length.size() - 8] ^= 1;
    CHECK(holds(reading(length), "the trailer's length is not"));
    Bytes mark = archive_of({});
    mark.back() ^= 1;
    CHECK(holds(reading(mark), "the closing mark is missing"));
}

TEST_CASE("archive: a forged length allocates nothing that has not arrived") {
    const test::PeakMemory memory;
    ArchiveHeader header = kHeader;
    header.model_bytes = std::uint64_t{1} << 33;
    const Bytes archive = header_bytes(header);
    const ByteSource source = source_of(archive);
    ArchiveReader reader(source);
    const std::string message = message_of<Error>([&] { (void)reader.model(); });
    CHECK(holds(message, "ends too early, at byte"));
    CHECK(holds(message, "in the embedded model"));
    CHECK(memory.growth() < 32 * 1024 * 1024);
    header.model_bytes = (std::uint64_t{1} << 33) + 81;
    CHECK(holds(reading(header_bytes(header)),
                "the embedded model's length is 8589934673, but at most 8589934672"));
}

TEST_CASE("stream: descriptors that do not block are waited for") {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_NONBLOCK) == 0);
    const Bytes data = counting(300'000);  // several times what a pipe holds
    std::thread writer([&] {
        sink_to_descriptor(ends[1], "the pipe")(data);
        close(ends[1]);
    });
    Bytes back(data.size() + 1);
    const std::size_t count = source_of_descriptor(ends[0], "the pipe")(back);
    writer.join();
    close(ends[0]);
    CHECK(count == data.size());
    back.resize(data.size());
    CHECK(back == data);
}

TEST_CASE("stream: descriptors give all bytes through a pipe in small pieces") {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const Bytes data = counting(40000);
    const ByteSink sink = sink_to_descriptor(ends[1], "the pipe");
    for (std::size_t begin = 0; begin < data.size(); begin += 999) {
        sink(ByteSpan(data).subspan(begin, std::min<std::size_t>(999, data.size() - begin)));
    }
    close(ends[1]);
    Bytes back(50000);
    const ByteSource source = source_of_descriptor(ends[0], "the pipe");
    CHECK(source(back) == data.size());
    back.resize(data.size());
    CHECK(back == data);
    CHECK(source(back) == 0);
    close(ends[0]);
    CHECK(holds(message_of<Error>([&] { (void)source(back); }), "cannot read the pipe: Bad file descriptor"));
    CHECK(holds(message_of<Error>([&] { sink(data); }), "cannot write the pipe: Bad file descriptor"));
}
