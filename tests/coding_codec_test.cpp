#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/measure.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "support/hostile_float_state.hpp"
#include "support/isa_scope.hpp"
#include "support/message.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::coding;
using bitlaw::test::holds;
using bitlaw::test::likely_bytes;
using bitlaw::test::message_of;
using bitlaw::test::noisy_model;
using bitlaw::test::random_bytes;
using bitlaw::test::smallest_config;
using bitlaw::test::Threads;
using bitlaw::test::tiny_config;

namespace {

struct Packed {
    Bytes archive;
    CodecSummary summary;
};

Packed pack(const StoredModel& model, ByteSpan plain, const CompressOptions& options = {}) {
    Packed packed;
    packed.summary = compress(model, options, source_of(plain), sink_to(packed.archive));
    CHECK(packed.summary.plain_bytes == plain.size());
    CHECK(packed.summary.archive_bytes == packed.archive.size());
    return packed;
}

ModelFinder only(const StoredModel& model) {
    return [&model](std::uint64_t) -> const StoredModel& { return model; };
}

ModelFinder none() {
    return [](std::uint64_t id) -> const StoredModel& { fail("no model ", id); };
}

Bytes unpack(const ModelFinder& find, ByteSpan archive) {
    Bytes plain;
    const CodecSummary summary = decompress(find, source_of(archive), sink_to(plain), {});
    CHECK(summary.plain_bytes == plain.size());
    CHECK(summary.archive_bytes == archive.size());
    return plain;
}

Bytes joined(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// 0.1 % and 32 bytes a stream, the project's bound.
void check_estimate(const StoredModel& model, ByteSpan plain, const CompressOptions& options) {
    const Packed packed = pack(model, plain, options);
    const Estimate guess = estimate(model, options, plain);
    const auto size = static_cast<double>(packed.archive.size());
    CHECK(guess.plain_bytes == plain.size());
    CHECK(guess.streams == packed.summary.streams);
    CHECK(std::abs(guess.archive_bytes - size) <= 0.001 * size + 32.0 * static_cast<double>(guess.streams));
    // The coder's bound is much tighter: a byte a stream, and where stored or coded is a close call, no more.
    CHECK(std::abs(guess.archive_bytes - size) <= 1.0 + 2.0 * static_cast<double>(guess.streams));
    CHECK(guess.code_bits / 8 <= size);
}

}  // namespace

TEST_CASE("codec: everything comes back, in both architectures, any block length and number of streams") {
    const Threads threads(1);
    Bytes all(256);
    std::iota(all.begin(), all.end(), std::uint8_t{0});
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const StoredModel model = noisy_model(tiny_config(architecture), 11);
        const Bytes likely = likely_bytes(model, 3000, 1);
        for (const Bytes& plain : {Bytes{}, Bytes{65}, all, random_bytes(500, 1), likely,
                                   joined(joined(likely, random_bytes(900, 2)), likely)}) {
            for (const std::uint64_t block : {100, 1000, 16'000'000}) {
                for (std::size_t streams = 0; streams <= 5; streams += 1 + streams) {
                    CAPTURE(plain.size());
                    CAPTURE(block);
                    CAPTURE(streams);
                    CompressOptions options;
                    options.block_bytes = block;
                    options.streams = streams == 0 ? std::nullopt : std::optional(streams);
                    const Packed packed = pack(model, plain, options);
                    CHECK(packed.summary.blocks == (plain.size() + block - 1) / block);
                    CHECK(unpack(only(model), packed.archive) == plain);
                    const ArchiveListing listing = list_archive(source_of(packed.archive));
                    CHECK(listing.model_id == model.id);
                    CHECK_FALSE(listing.embedded);
                    CHECK(listing.arithmetic_version == kArithmeticVersion);
                    CHECK(listing.reset_every == default_reset(model.model.config));
                    CHECK(listing.summary.plain_bytes == plain.size());
                    CHECK(listing.summary.archive_bytes == packed.archive.size());
                    CHECK(listing.summary.model_bytes == 0);
                    CHECK(listing.summary.blocks == packed.summary.blocks);
                    CHECK(listing.summary.blocks_of(kStored) == packed.summary.blocks_of(kStored));
                    CHECK(listing.summary.streams == packed.summary.streams);
                }
            }
        }
        const Packed good = pack(model, likely);
        CHECK(good.summary.blocks_of(kStored) == 0);
        CHECK(good.archive.size() < likely.size());
        CHECK(pack(model, random_bytes(500, 1)).summary.blocks_of(kStored) == 1);
    }
}

TEST_CASE(
    "codec: the same archive from every instruction set, thread count and floating-point state, restored by "
    "every other") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const StoredModel model = noisy_model(tiny_config(architecture), 4);
        const Bytes plain = likely_bytes(model, 5000, 2);
        CompressOptions options;
        options.streams = 20;  // three groups of the decoder on three threads
        options.block_bytes = 4000;
        const Bytes expected = pack(model, plain, options).archive;
        const double expected_bits = estimate(model, options, plain).code_bits;
        const double expected_chunked = chunked_bits(model, plain, 50, {});
        for (const Isa isa : available_isas()) {
            const test::IsaScope with_isa(isa);
            for (const std::size_t threads : {1, 2, 3}) {
                CAPTURE(isa_name(isa));
                CAPTURE(threads);
                const Threads with_threads(threads);
                const test::HostileFloatState hostile;
                CHECK(pack(model, plain, options).archive == expected);
                CHECK(unpack(only(model), expected) == plain);
                const double bits = estimate(model, options, plain).code_bits;
                CHECK(bits == expected_bits);
                const double chunked = chunked_bits(model, plain, 50, {});
                CHECK(chunked == expected_chunked);
                CHECK(float_state() == hostile_float_state());
            }
        }
    }
}

TEST_CASE("codec: what no model helps with grows by less than 0.1 % + 64 bytes") {
    const StoredModel model = noisy_model(tiny_config(Architecture::vanilla), 4);
    for (const std::size_t size : {0, 1, 2, 3, 10, 127, 128, 255, 300, 1000, 16383, 16384, 40000, 150000}) {
        const Bytes plain = random_bytes(size, 5);
        const std::size_t archive = pack(model, plain).archive.size();
        CAPTURE(size);
        CHECK(static_cast<double>(archive) <= 1.001 * static_cast<double>(size) + 64);
    }
}

TEST_CASE("codec: an embedded model decodes alone, and the archive is larger by its bytes") {
    for (const WeightFormatId format : {WeightFormatId::bf16, WeightFormatId::fp32, WeightFormatId::int8}) {
        const StoredModel model = noisy_model(tiny_config(Architecture::modern), 4, format);
        const Bytes plain = likely_bytes(model, 2000, 2);
        CompressOptions options;
        const Packed bare = pack(model, plain, options);
        options.embed_model = true;
        const Packed whole = pack(model, plain, options);
        CHECK(whole.summary.model_bytes == model.stored_bytes);
        // The header's field for the model's length grows by two bytes.
        CHECK(whole.archive.size() ==
              bare.archive.size() + model.stored_bytes + (model.stored_bytes < 1 << 14 ? 1 : 2));
        CHECK(unpack(none(), whole.archive) == plain);
        CHECK(unpack(none(), pack(model, {}, options).archive).empty());
        const ArchiveListing listing = list_archive(source_of(whole.archive));
        CHECK(listing.embedded);
        CHECK(listing.model_id == model.id);
        CHECK(listing.summary.model_bytes == model.stored_bytes);
        check_estimate(model, plain, options);
    }
}

TEST_CASE("codec: the finder is asked for the header's id, and only when a block needs a model") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 4);
    const StoredModel other = noisy_model(tiny_config(Architecture::modern), 5);
    const Bytes archive = pack(model, likely_bytes(model, 2000, 2)).archive;
    std::uint64_t asked = 0;
    const ModelFinder missing = [&](std::uint64_t id) -> const StoredModel& {
        asked = id;
        fail("looked everywhere");
    };
    CHECK(message_of<Error>([&] { (void)unpack(missing, archive); }) == "looked everywhere");
    CHECK(asked == model.id);
    const std::string message = message_of<Error>([&] { (void)unpack(only(other), archive); });
    CHECK(holds(message, hex64(model.id)));
    CHECK(holds(message, hex64(other.id)));
    const Bytes random = random_bytes(300, 1);
    CHECK(unpack(missing, pack(model, random).archive) == random);
    CHECK(unpack(missing, pack(model, {}).archive).empty());
}

TEST_CASE("codec: another arithmetic version is refused") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 4);
    Bytes archive = header_bytes({kArithmeticVersion + 1, model.id, 0, 0});
    const Bytes end = trailer_bytes({});
    archive.insert(archive.end(), end.begin(), end.end());
    const std::string message = message_of<Error>([&] { (void)unpack(only(model), archive); });
    CHECK(holds(message, text_of("arithmetic version ", kArithmeticVersion + 1)));
    CHECK(list_archive(source_of(archive)).arithmetic_version == kArithmeticVersion + 1);
}

TEST_CASE(
    "codec: a context reset that the model cannot have makes the archive damaged, not the usage wrong") {
    const StoredModel model = noisy_model(tiny_config(Architecture::vanilla), 4);
    const Bytes plain = likely_bytes(model, 500, 2);
    Bytes archive = pack(model, plain).archive;
    const Bytes front = header_bytes({kArithmeticVersion, model.id, 64, 0});
    const Bytes forged = header_bytes({kArithmeticVersion, model.id, 0, 0});
    REQUIRE(std::equal(front.begin(), front.end(), archive.begin()));
    std::copy(forged.begin(), forged.end(), archive.begin());
    CHECK(holds(message_of<Error>([&] { (void)unpack(only(model), archive); }), "the archive is damaged"));
}

TEST_CASE("codec: alphabets smaller and larger than a byte's") {
    const StoredModel small = noisy_model(smallest_config(Architecture::modern, 4), 2);
    const Bytes plain = likely_bytes(small, 2000, 3);
    CHECK(pack(small, plain).summary.blocks_of(kStored) == 0);
    CHECK(unpack(only(small), pack(small, plain).archive) == plain);
    const Bytes beyond = joined(plain, Bytes{4});
    CHECK(pack(small, beyond).summary.blocks_of(kStored) == 1);
    CHECK(unpack(only(small), pack(small, beyond).archive) == beyond);
    check_estimate(small, plain, {});
    check_estimate(small, beyond, {});
    CHECK(holds(message_of<Error>([&] { (void)chunked_bits(small, beyond, 100, {}); }), "alphabet of 4"));
    // 300 symbols: bytes are coded with the first 256 of them. Zeros, so that coding pays although 16 % go
    // elsewhere.
    StoredModel large = noisy_model(smallest_config(Architecture::modern, 300), 2);
    for (float& weight : large.model.weights) {
        weight = 0;
    }
    large = decode_model(encode_model(large.model, WeightFormatId::bf16, nullptr), "zeros");
    const PackedModel packed(large.model, PackFor::inference);
    const PredictorMaker maker = network_predictors(packed, {});
    const Bytes bytes = random_bytes(400, 3);
    const std::vector<Bytes> payloads = encode_streams(maker, bytes, 1, {});
    const ByteSpan span = payloads[0];
    Bytes back(bytes.size());
    decode_streams(maker, {&span, 1}, back, {});
    CHECK(back == bytes);
    const Bytes beyond_bytes(100, 0xFF);  // the last symbols of the table
    const ByteSpan high = beyond_bytes;
    CHECK(holds(message_of<Error>([&] {
                    decode_streams(maker, {&high, 1}, back, {});
                }),
                "stands for no byte"));
}

TEST_CASE("codec: the estimate agrees with the archive") {
    const Threads threads(1);
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const StoredModel model = noisy_model(tiny_config(architecture), 11);
        const Bytes likely = likely_bytes(model, 20000, 1);
        for (const Bytes& plain :
             {Bytes{}, Bytes{1}, random_bytes(5000, 1), likely, joined(likely, random_bytes(3000, 1))}) {
            for (const std::uint64_t block : {512, 16'000'000}) {
                for (const std::size_t streams : {1, 3, 64}) {
                    CompressOptions options;
                    options.block_bytes = block;
                    options.streams = streams;
                    check_estimate(model, plain, options);
                }
            }
        }
    }
}

TEST_CASE("codec: chunked bits are those of chunks coded one by one") {
    const Threads threads(1);
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const StoredModel model = noisy_model(tiny_config(architecture), 11);
        const Bytes plain = likely_bytes(model, 3001, 1);
        for (const std::size_t chunk : {1, 10, 64, 100, 300, 3001, 10000}) {
            const PackedModel packed(model.model, PackFor::inference);
            const PredictorMaker maker =
                network_predictors(packed, {.reset_every = default_reset(model.model.config)});
            double expected = 0;
            for (std::size_t begin = 0; begin < plain.size(); begin += chunk) {
                const ByteSpan part = ByteSpan(plain).subspan(begin, std::min(chunk, plain.size() - begin));
                expected += stream_bits(maker, part, 1, {})[0];
            }
            CAPTURE(chunk);
            // Only the order of the additions differs.
            CHECK(chunked_bits(model, plain, chunk, {}) == doctest::Approx(expected).epsilon(1e-12));
        }
        CHECK(chunked_bits(model, {}, 2048, {}) == 0);
        CHECK_THROWS_AS((void)chunked_bits(model, plain, 0, {}), UsageError);
        CHECK(chunked_bits(model, plain, ~std::size_t{0}, {}) == chunked_bits(model, plain, 3001, {}));
    }
}

TEST_CASE("codec: options out of range are wrong usage") {
    const StoredModel model = noisy_model(tiny_config(Architecture::vanilla), 11);
    const auto trying = [&](const auto& change) {
        CompressOptions options;
        change(options);
        (void)estimate(model, options, {});
        return message_of<UsageError>([&] { (void)pack(model, {}, options); });
    };
    CHECK_THROWS_AS((void)trying([](CompressOptions& o) { o.block_bytes = 0; }), UsageError);
    CHECK_THROWS_AS((void)trying([](CompressOptions& o) { o.block_bytes = (1 << 24) + 1; }), UsageError);
    CHECK_THROWS_AS((void)trying([](CompressOptions& o) { o.streams = 0; }), UsageError);
    CHECK_THROWS_AS((void)trying([](CompressOptions& o) { o.streams = 4097; }), UsageError);
    CHECK_THROWS_AS((void)trying([](CompressOptions& o) { o.reset_every = 0; }), UsageError);
    CHECK_THROWS_AS((void)trying([](CompressOptions& o) { o.reset_every = 65; }), UsageError);
    CHECK(trying([](CompressOptions& o) { o.reset_every = 10; }).empty());
    CHECK(trying([](CompressOptions& o) { o.block_bytes = 1 << 24; }).empty());
}

TEST_CASE("codec: progress comes from one thread at a time, ends with the whole, and may stop the work") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 11);
    const Bytes plain = likely_bytes(model, 3000, 1);
    CompressOptions options;
    options.block_bytes = 1000;
    std::atomic<bool> busy{false};
    std::uint64_t last_plain = 0;
    std::uint64_t last_archive = 0;
    const CodecProgress watch = [&](std::uint64_t done, std::uint64_t archive) {
        CHECK_FALSE(busy.exchange(true));
        CHECK(done >= last_plain);
        CHECK(archive >= last_archive);
        last_plain = done;
        last_archive = archive;
        busy = false;
    };
    options.progress = watch;
    const Bytes archive = pack(model, plain, options).archive;
    CHECK(last_plain == plain.size());
    CHECK(last_archive <= archive.size());
    last_plain = last_archive = 0;
    Bytes back;
    (void)decompress(only(model), source_of(archive), sink_to(back), watch);
    CHECK(last_plain == plain.size());
    last_plain = last_archive = 0;
    (void)chunked_bits(model, plain, 100, watch);
    const CodecProgress stop = [](std::uint64_t, std::uint64_t) { throw Stopped("enough"); };
    options.progress = stop;
    CHECK_THROWS_AS((void)pack(model, plain, options), Stopped);
    CHECK_THROWS_AS((void)decompress(only(model), source_of(archive), sink_to(back), stop), Stopped);
    CHECK_THROWS_AS((void)chunked_bits(model, plain, 100, stop), Stopped);
}

TEST_CASE("codec: the coder without a model looks at the progress too, in both directions") {
    const StoredModel model =
        noisy_model(smallest_config(Architecture::modern, 4), 3);  // cannot code other bytes than 0 .. 3
    const Bytes plain(200'000, 'x');
    CompressOptions options;
    options.fallback = Fallback::worse;
    const Bytes archive = pack(model, plain, options).archive;
    const CodecProgress stop = [](std::uint64_t, std::uint64_t) { throw Stopped("enough"); };
    Bytes out;
    CHECK_THROWS_AS((void)decompress(only(model), source_of(archive), sink_to(out), stop), Stopped);
    CHECK(out.empty());  // before the block's end
    options.progress = stop;
    CHECK_THROWS_AS((void)compress(model, options, source_of(plain), sink_to(out)), Stopped);
    CHECK(out.size() < 40);  // the header
}

TEST_CASE("codec: a source that has ended is not asked again") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 3);
    const Bytes plain(250, 1);
    CompressOptions options;
    options.block_bytes = 100;
    const ByteSource inner = source_of(plain);
    bool ended = false;
    const ByteSource source = [&](std::span<std::uint8_t> buffer) {
        CHECK_FALSE(ended);
        const std::size_t count = inner(buffer);
        ended = count < buffer.size();
        return count;
    };
    Bytes archive;
    CHECK(compress(model, options, source, sink_to(archive)).plain_bytes == 250);
}

TEST_CASE("codec: the worked example of docs/FORMAT.md is what this code writes, and decodes for ever") {
    ModelConfig config = smallest_config(Architecture::modern, 2);
    config.width = config.hidden = 1;
    config.context = config.window = 16;
    config.taps = 0;
    const StoredModel zero =
        decode_model(encode_model(Model(config), WeightFormatId::bf16, nullptr), "zeros");
    Bytes plain;
    for (const unsigned byte : {0xF0, 0xE1, 0xD2, 0xC3, 0xB4, 0xA5, 0x96, 0x87}) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            plain.push_back(static_cast<std::uint8_t>(byte >> (7 - bit) & 1));
        }
    }
    plain.push_back('!');
    CompressOptions options;
    options.block_bytes = 64;
    options.streams = 2;
    options.embed_model = true;

    std::ifstream text("docs/FORMAT.md");  // tests run in the project's folder
    REQUIRE(text.good());
    Bytes documented;
    for (std::string line; std::getline(text, line);) {
        if (line.rfind(text_of("    ", hex64(documented.size()).substr(12), "  "), 0) == 0) {
            std::istringstream bytes(line.substr(10));
            for (std::string byte; bytes >> byte;) {
                documented.push_back(static_cast<std::uint8_t>(std::stoul(byte, nullptr, 16)));
            }
        }
    }
    REQUIRE(documented.size() == 302);
    CHECK(pack(zero, plain, options).archive == documented);
    CHECK(unpack(none(), documented) == plain);
}
