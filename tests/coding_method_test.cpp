#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/codec.hpp"
#include "support/message.hpp"
#include "support/peak_memory.hpp"
#include "support/reseal.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"
#include "support/toy_method.hpp"

using namespace bitlaw;
using namespace bitlaw::coding;
using namespace bitlaw::model;
using bitlaw::test::holds;
using bitlaw::test::kToy;
using bitlaw::test::message_of;
using bitlaw::test::resealed_archive;
using bitlaw::test::toy_methods;
using bitlaw::test::toy_stack;
using bitlaw::test::ToyBlocks;

namespace {

const ModelFinder kNoModel = [](std::uint64_t id) -> const StoredModel& {
    fail("model ", id, " was asked for");
};

CompressOptions toy_options(std::uint64_t block_bytes, std::uint64_t chain_bytes = 0) {
    CompressOptions options;
    options.block_bytes = block_bytes;
    options.method = kToy;
    options.stack = toy_stack();
    options.chain_bytes = chain_bytes;
    options.table = toy_methods();
    return options;
}

Bytes archive_of(const Bytes& plain, const CompressOptions& options, CodecSummary* summary = nullptr) {
    Bytes archive;
    const CodecSummary all = compress(nullptr, options, source_of(plain), sink_to(archive));
    CHECK(all.archive_bytes == archive.size());
    if (summary != nullptr) {
        *summary = all;
    }
    return archive;
}

Bytes restored(const Bytes& archive, CodecSummary* summary = nullptr) {
    Bytes plain;
    const CodecSummary all = decompress(kNoModel, source_of(archive), sink_to(plain), {}, {}, toy_methods());
    if (summary != nullptr) {
        *summary = all;
    }
    return plain;
}

std::string failure(const Bytes& archive) {
    return message_of<Error>([&] { (void)restored(archive); });
}

SeekableSource seekable(const Bytes& archive) {
    return {archive.size(), [&archive](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const std::size_t count = std::min<std::size_t>(buffer.size(), archive.size() - offset);
                std::copy_n(archive.begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
                return count;
            }};
}

// Blocks of 1000: coded, noise (stored, seen), refused (stored, not seen), coded, coded.
Bytes sample() {
    Bytes plain = test::random_bytes(4500, 1, 5);
    const Bytes noise = test::random_bytes(1000, 2);
    std::copy(noise.begin(), noise.end(), plain.begin() + 1000);
    plain[1000] = 1;
    plain[2000] = ToyBlocks::kRefused;
    return plain;
}

}  // namespace

TEST_CASE("methods: ids and names are unique, and format 1 has the first three") {
    for (const Method& method : methods()) {
        CHECK(find_method(methods(), method.id, kMaxArchiveVersion) == &method);
        CHECK_FALSE(std::string(method.name).empty());
        CHECK_FALSE((method.chained && method.version < 2));
    }
    for (const MethodId id : {kStored, kNetwork, kSevenContexts}) {
        CHECK(find_method(methods(), id, 1) != nullptr);
    }
    CHECK(find_method(methods(), kTrailer, kMaxArchiveVersion) == nullptr);
    CHECK(find_method(toy_methods(), kToy, 1) == nullptr);
    CHECK(find_method(methods(), kToy, 2) == nullptr);
}

TEST_CASE("stack: what is written is read, and nothing else") {
    Stack seed{.source = NetworkSource::seed, .spec = Bytes(300, 7), .seed = 1234567890123};
    seed.mixer = {5, {1, 2, 3}};
    Stack model{.source = NetworkSource::model};
    model.recipe = {1u << 20, Bytes(kMaxSettingsBytes, 9)};
    for (const Stack& stack : {Stack{}, seed, model}) {
        const Bytes bytes = encode_stack(stack);
        CHECK(decode_stack(bytes) == stack);
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            CHECK_THROWS_AS((void)decode_stack(ByteSpan(bytes).first(length)), Error);
        }
        Bytes longer = bytes;
        longer.push_back(0);
        CHECK(holds(message_of<Error>([&] { (void)decode_stack(longer); }), "1 bytes too many"));
    }
    CHECK(encode_stack({}).size() == 3);
    CHECK(holds(message_of<Error>([] { (void)decode_stack(Bytes{3, 0, 0}); }), "no source"));
    ByteWriter large;
    large.u8(2);
    large.varint(kMaxSpecBytes + 1);
    CHECK(holds(message_of<Error>([&] { (void)decode_stack(large.data()); }), "at most 32768"));
    ByteWriter settings;
    settings.u8(0);
    settings.varint(1);
    settings.varint(~std::uint64_t{0});
    CHECK(holds(message_of<Error>([&] { (void)decode_stack(settings.data()); }), "at most 4096"));
}

TEST_CASE("format 2: a chain runs through stored blocks, and every part of it comes back") {
    const Bytes plain = sample();
    CodecSummary summary;
    const Bytes archive = archive_of(plain, toy_options(1000), &summary);
    CHECK(archive[4] == 2);
    CHECK(summary.blocks == 5);
    CHECK(summary.blocks_of(kToy) == 3);
    CHECK(summary.blocks_of(kStored) == 2);
    for (const std::size_t threads : {1, 3}) {
        const test::Threads scope(threads);
        CHECK(archive_of(plain, toy_options(1000)) == archive);
        CHECK(restored(archive, &summary) == plain);
    }
    CHECK(summary.blocks_of(kToy) == 3);
    CHECK(summary.replayed_bytes == 0);
    // What an earlier block taught pays.
    CHECK(archive.size() < archive_of(plain, toy_options(1000, 1000)).size());
    const ArchiveListing listing = list_archive(source_of(archive), toy_methods());
    CHECK(listing.version == 2);
    CHECK(listing.model_id == 0);
    CHECK(listing.summary.blocks_of(kToy) == 3);
    CHECK(restored(archive_of({}, toy_options(1000))).empty());
}

TEST_CASE("format 2: streams that were asked for are followed through stored blocks too") {
    const Bytes plain = sample();
    CompressOptions options = toy_options(1000);
    for (const std::size_t streams : {1, 2, 7}) {
        options.streams = streams;
        CodecSummary summary;
        const Bytes archive = archive_of(plain, options, &summary);
        CHECK(summary.streams == streams * summary.blocks_of(kToy));
        CHECK(summary.blocks_of(kStored) == 2);
        CHECK(restored(archive) == plain);
    }
}

TEST_CASE("format 2: other methods take the blocks that they make smaller, and the chain follows") {
    CompressOptions options = toy_options(60'000);
    options.fallback = Fallback::best;
    // The toy has an order-0 memory: what repeats at a distance is the seven contexts', and what earlier
    // blocks have taught is the toy's.
    Bytes plain(240'000, 7);
    for (std::size_t i = 120'000; i < 180'000; ++i) {
        plain[i] = static_cast<std::uint8_t>(i * i % 50);
    }
    CodecSummary summary;
    const Bytes archive = archive_of(plain, options, &summary);
    CHECK(summary.blocks_of(kSevenContexts) >= 1);
    CHECK(summary.blocks_of(kToy) >= 1);
    CHECK(restored(archive) == plain);
}

TEST_CASE("format 2: a network's blocks stand in it beside the archive's own method") {
    const StoredModel model = test::noisy_model(test::tiny_config(Architecture::modern), 5);
    const Bytes plain = test::likely_bytes(model, 700, 1);
    CompressOptions options;
    options.block_bytes = 400;
    Bytes first;
    (void)compress(model, options, source_of(plain), sink_to(first));
    // The same blocks behind a header of format 2, whose method is the network's own.
    const ByteSource source = source_of(first);
    ArchiveReader reader(source);
    Bytes second;
    const ByteSink sink = sink_to(second);
    ArchiveHeader header = reader.header();
    header.version = 2;
    header.method = kNetwork;
    header.stack = encode_stack({.source = NetworkSource::model});
    ArchiveWriter writer(sink, header, {});
    for (BlockHeader block; reader.next_block(block);) {
        const Bytes payload = reader.payload();
        const ByteSpan piece = payload;
        writer.block(block, {&piece, 1});
    }
    writer.finish();
    Bytes back;
    const ModelFinder find = [&](std::uint64_t) -> const StoredModel& { return model; };
    (void)decompress(find, source_of(second), sink_to(back), {});
    CHECK(back == plain);
}

TEST_CASE("format 2: chains are cut where the header says, and a range replays its own only") {
    const Bytes plain = sample();
    const Bytes whole = archive_of(plain, toy_options(1000));
    const Bytes cut = archive_of(plain, toy_options(1000, 1500));
    CHECK(read_index(seekable(cut)).blocks.size() == 6);  // 1000, 500, 1000, 500, 1000, 500
    CHECK(restored(cut) == plain);
    const auto check = [&](const Bytes& archive, std::uint64_t begin, std::uint64_t end,
                           std::uint64_t replayed) {
        CAPTURE(begin);
        Bytes part;
        const CodecSummary summary =
            decompress_range(kNoModel, seekable(archive), begin, end, sink_to(part), {}, {}, toy_methods());
        CHECK(part ==
              Bytes(plain.begin() + static_cast<long>(begin), plain.begin() + static_cast<long>(end)));
        CHECK(summary.plain_bytes == end - begin);
        CHECK(summary.replayed_bytes == replayed);
    };
    check(whole, 0, 4500, 0);
    check(whole, 0, 1, 0);
    check(whole, 3999, 4001, 3000);
    check(whole, 4499, 4500, 4000);
    check(cut, 3999, 4001, 0);
    check(cut, 2500, 3001, 1000);
    check(cut, 1500, 1500, 0);
    check(cut, 4499, 4500, 1000);
    // Blocks of a method that is not chained are found at once.
    CompressOptions options;
    options.block_bytes = 1000;
    const StoredModel model = test::noisy_model(test::smallest_config(Architecture::modern, 256), 5);
    Bytes archive;
    (void)compress(model, options, source_of(plain), sink_to(archive));
    Bytes part;
    const ModelFinder find = [&](std::uint64_t) -> const StoredModel& { return model; };
    CHECK(decompress_range(find, seekable(archive), 3500, 3600, sink_to(part), {}).replayed_bytes == 0);
}

TEST_CASE("format 2: what lies before the damage is given") {
    const Bytes plain = sample();
    Bytes archive = archive_of(plain, toy_options(1000));
    const ArchiveIndex index = read_index(seekable(archive));
    std::uint64_t place = index.first_block;
    for (std::size_t block = 0; block < 3; ++block) {
        place += index.blocks[block].archive_bytes;
    }
    archive[place + 40] ^= 1;
    Bytes given;
    CHECK(holds(message_of<Error>([&] {
                    (void)decompress(kNoModel, source_of(archive), sink_to(given), {}, {}, toy_methods());
                }),
                "in block 4"));
    CHECK(given == Bytes(plain.begin(), plain.begin() + 3000));
}

TEST_CASE("format 2: it is written only where a method needs it") {
    const StoredModel model = test::noisy_model(test::tiny_config(Architecture::modern), 5);
    CompressOptions options;
    Bytes archive;
    (void)compress(model, options, source_of(test::likely_bytes(model, 500, 1)), sink_to(archive));
    CHECK(archive[4] == 1);
    options.chain_bytes = 100;
    CHECK(holds(
        message_of<UsageError>([&] { (void)compress(model, options, source_of({}), sink_to(archive)); }),
        "no chain"));
    options = toy_options(1000);
    options.table = methods();
    CHECK(holds(message_of<UsageError>([&] { (void)archive_of({}, options); }), "there is no method 200"));
    options = toy_options(1000);
    options.stack.source = NetworkSource::model;
    CHECK(holds(message_of<UsageError>([&] { (void)archive_of({}, options); }), "name the model"));
    options = {};
    CHECK(holds(message_of<UsageError>([&] { (void)archive_of(Bytes(9, 1), options); }), "needs a model"));
}

TEST_CASE("format 2: forged headers are named, with all checks right") {
    const Bytes plain = test::random_bytes(500, 1, 5);
    const auto forged = [&](const auto& change) {
        ArchiveHeader header{.arithmetic_version = kArithmeticVersion, .version = 2};
        header.method = kToy;
        header.stack = encode_stack(toy_stack());
        BlockHeader block{kToy, 500, {1, 1, 1}, 0, Bytes(4, 0)};
        change(header, block);
        Bytes out;
        const ByteSink sink = sink_to(out);
        ArchiveWriter writer(sink, header, {});
        const Bytes payload(static_cast<std::size_t>(block.payload_bytes()), 1);
        const ByteSpan piece = payload;
        writer.block(block, {&piece, 1});
        writer.finish();
        return failure(out);
    };
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader&) {}), "hash does not match"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.method = 201; }),
                "the archive's method is 201, which this program does not know"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.method = kTrailer; }), "method is 0"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) { b.method = 201; }), "its method is 201"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.method = kStored; }),
                "toy is not the archive's own method"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.stack.clear(); }), "stack's description"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.stack.push_back(0); }), "1 bytes too many"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.stack = encode_stack({}); }),
                "stack is not one that it knows"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.stack = encode_stack(toy_stack(0)); }),
                "settings are none"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.model_id = 1; }),
                "names a model that its stack does not have"));
    CHECK(holds(forged([](ArchiveHeader& h, BlockHeader&) { h.chain = 499; }),
                "goes on beyond the end of its chain"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) { b.own.push_back(0); }), "another length"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) { b.own[0] = 1; }), "another number"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) { b.stream_bytes.push_back(1); }),
                "hash does not match"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) {
                    b.stream_bytes = {400, 100, 0};
                }),
                "the length of a stream is 100, but at most 99"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) {
                    b = {kNetwork, 500, {9}, 0, Bytes(1, 0)};
                }),
                "has no header of its own"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) {
                    b = {kSevenContexts, 500, {9}, 0, Bytes(1, 0)};
                }),
                "has no header of its own"));
    CHECK(holds(forged([](ArchiveHeader&, BlockHeader& b) {
                    b = {kNetwork, 500, {9}, 0};
                }),
                "a block needs a model, and the header names none"));
}

TEST_CASE("format 2: forged lengths allocate nothing that has not arrived") {
    const test::PeakMemory memory;
    ByteWriter front;
    front.bytes(kArchiveMagic);
    front.u8(2);
    front.u8(0);
    front.u16(1);
    front.u64(0);
    front.varint(0);
    front.varint(0);
    front.u8(kToy);
    front.varint(~std::uint64_t{0});
    CHECK(holds(failure([&] {
                    ByteWriter more;
                    more.bytes(front.data());
                    more.varint(kMaxStreams + 1);
                    return more.take();
                }()),
                "at most 4096 is possible"));
    front.varint(0);
    Bytes header = front.take();
    const auto with = [&](std::uint64_t length) {
        ByteWriter more;
        more.bytes(header);
        more.varint(length);
        return more.take();
    };
    CHECK(holds(failure(with(kMaxStackBytes)), "ends too early"));
    CHECK(holds(failure(with(kMaxStackBytes + 1)), "at most 65536 is possible"));
    ByteWriter block;
    const ArchiveHeader toy{.arithmetic_version = kArithmeticVersion,
                            .version = 2,
                            .method = kToy,
                            .stack = encode_stack(toy_stack())};
    block.bytes(header_bytes(toy));
    block.u8(kToy);
    block.varint(kMaxBlockBytes);
    Bytes begun = block.take();
    const auto block_with = [&](std::uint64_t length) {
        ByteWriter more;
        more.bytes(begun);
        more.varint(length);
        return more.take();
    };
    CHECK(holds(failure(block_with(kMaxOwnBytes)), "ends too early"));
    CHECK(holds(failure(block_with(kMaxOwnBytes + 1)), "at most 4096 is possible"));
    CHECK(memory.growth() < 16 * 1024 * 1024);
}

TEST_CASE("format 2: every truncation and changed byte is an Error, or with checks recomputed bounded") {
    const test::Threads threads(1);  // thousands of tiny inputs
    const test::PeakMemory memory;
    Bytes plain = test::random_bytes(300, 1, 5);
    std::fill_n(plain.begin() + 100, 100, std::uint8_t{ToyBlocks::kRefused});
    const Bytes archive = archive_of(plain, toy_options(100, 200));
    REQUIRE(restored(archive) == plain);
    REQUIRE(resealed_archive(archive) == archive);
    const auto bounded = [&](const Bytes& bytes, bool intact) {
        const std::string message = failure(bytes);
        const std::string listed =
            message_of<Error>([&] { (void)list_archive(source_of(bytes), toy_methods()); });
        REQUIRE((intact || !message.empty()));
        REQUIRE_FALSE(holds(message, "\n"));
        REQUIRE_FALSE(holds(message, "internal error"));
        REQUIRE_FALSE(holds(listed, "internal error"));
    };
    for (std::size_t length = 0; length < archive.size(); ++length) {
        const Bytes shorter(archive.begin(), archive.begin() + static_cast<long>(length));
        bounded(shorter, false);
        bounded(resealed_archive(shorter), false);
    }
    for (std::size_t place = 0; place < archive.size(); ++place) {
        for (const int pattern : {0x01, 0x10, 0x80, 0xFF}) {
            CAPTURE(place);
            Bytes changed = archive;
            changed[place] = static_cast<std::uint8_t>(changed[place] ^ pattern);
            bounded(changed, false);
            bounded(resealed_archive(changed), true);
        }
    }
    CHECK(memory.growth() < 64 * 1024 * 1024);
}
