#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/block.hpp"
#include "support/message.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"
#include "support/toy_predictor.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::coding;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::noisy_model;
using bitlaw::test::random_bytes;
using bitlaw::test::smallest_config;
using bitlaw::test::tiny_config;

namespace {

template <class Predictors>
Bytes decode(Predictors& predictors, const std::vector<Bytes>& payloads, std::size_t count) {
    const std::vector<ByteSpan> spans(payloads.begin(), payloads.end());
    Bytes plain(count);
    decode_streams(predictors, spans, plain, {});
    return plain;
}

PredictorMaker network(const PackedModel& packed, std::uint64_t reset) {
    return network_predictors(packed, {.reset_every = reset});
}

}  // namespace

TEST_CASE("block: streams cover the bytes, lengths differ by at most 1") {
    for (const std::size_t bytes : {1, 2, 5, 64, 1000, 1001, 16777216}) {
        for (std::size_t n = 1; n <= std::min<std::size_t>(bytes, 70); ++n) {
            CHECK(stream_begin(bytes, n, 0) == 0);
            CHECK(stream_begin(bytes, n, n) == bytes);
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t length = stream_begin(bytes, n, i + 1) - stream_begin(bytes, n, i);
                REQUIRE((length == bytes / n || length == bytes / n + 1));
                REQUIRE(length >= 1);
            }
        }
    }
    CHECK(default_streams(1) == 1);
    CHECK(default_streams(10'000) == 1);
    CHECK(default_streams(1'000'000) == 15);
    CHECK(default_streams(4 * 1024 * 1024) == 64);
    CHECK(default_streams(16'000'000) == 64);
}

TEST_CASE("block: bytes that the model does not expect come back too, in any number of streams") {
    Bytes all(256);
    std::iota(all.begin(), all.end(), std::uint8_t{0});
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        const StoredModel model = noisy_model(tiny_config(architecture), 3);
        const PackedModel packed(model.model, PackFor::inference);
        const PredictorMaker maker = network(packed, default_reset(model.model.config));
        for (const Bytes& plain :
             {Bytes{7}, Bytes{0}, Bytes{255, 255}, all, Bytes(700, 0), random_bytes(999, 1)}) {
            for (const std::size_t streams : {1, 2, 3, 50}) {
                if (streams > plain.size()) {
                    continue;
                }
                CAPTURE(plain.size());
                CAPTURE(streams);
                const std::vector<Bytes> payloads = encode_streams(maker, plain, streams, {});
                const std::vector<double> bits = stream_bits(maker, plain, streams, {});
                REQUIRE(payloads.size() == streams);
                REQUIRE(bits.size() == streams);
                for (std::size_t i = 0; i < streams; ++i) {
                    // The coder's own bound: less than one byte and 8.6e-8 bits a symbol above the ideal
                    // length. A code may lose at most its trailing zero bytes below it.
                    REQUIRE(8.0 * static_cast<double>(payloads[i].size()) < bits[i] + 8 + 1e-3);
                }
                CHECK(decode(maker, payloads, plain.size()) == plain);
            }
        }
    }
}

TEST_CASE("block: resets in the middle of a stream") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 3);
    const PackedModel packed(model.model, PackFor::inference);
    const Bytes plain = random_bytes(600, 2);
    std::vector<std::vector<Bytes>> codes;
    for (const std::uint64_t reset : {0, 1, 7, 100, 599, 600}) {
        const PredictorMaker maker = network(packed, reset);
        codes.push_back(encode_streams(maker, plain, 2, {}));
        CHECK(decode(maker, codes.back(), plain.size()) == plain);
    }
    CHECK(codes[0] != codes[1]);
    CHECK(codes[0] != codes[3]);
    CHECK(codes[0] == codes[4]);  // 300 symbols a stream: never reached
}

TEST_CASE("block: progress may end the work, and a failure on any worker does") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 3);
    const PackedModel packed(model.model, PackFor::inference);
    const PredictorMaker maker = network(packed, 0);
    const Bytes plain = random_bytes(20'000, 2, 4);
    std::uint64_t reported = 0;
    const BlockProgress stop = [&](std::uint64_t done, std::uint64_t) {
        reported = done;
        throw Stopped("stopped by the test");
    };
    {
        const test::Threads threads(1);
        CHECK(message_of<Stopped>([&] { (void)encode_streams(maker, plain, 2, stop); }) ==
              "stopped by the test");
        CHECK(reported == 256);  // one call of the predictor
        Bytes out(plain.size());
        const std::vector<ByteSpan> payloads(16, ByteSpan(plain).first(100));
        CHECK(message_of<Stopped>([&] { decode_streams(maker, payloads, out, stop); }) ==
              "stopped by the test");
        CHECK(reported == 8 * 32);  // one call for the first of two groups
    }
    const test::Threads threads(2);
    for (const std::size_t place : {0, 12'000}) {
        Bytes broken = plain;
        broken[place] = 4;  // no symbol of the model
        CHECK_THROWS_AS((void)encode_streams(maker, broken, 20, {}), Error);
        CHECK_THROWS_AS((void)stream_bits(maker, broken, 20, {}), Error);
    }
}

TEST_CASE("block: contexts that are decoded at the same time take 1 GiB together") {
    const test::Threads threads(8);
    CHECK(groups_at_once(60'000, 16, 4) == 16);  // a small model: as many as there are
    ModelConfig config = tiny_config(Architecture::modern);
    config.cache = CachePrecision::fp32;
    const Model model = initial_model(config, 1);
    CHECK(network_predictors(PackedModel(model, PackFor::inference), {}).stream_bytes == 16'384);
    config.cache = CachePrecision::bf16;
    const Model half = initial_model(config, 1);
    CHECK(network_predictors(PackedModel(half, PackFor::inference), {}).stream_bytes == 8'192);
    const std::uint64_t large = 204'800'000;  // 195 MiB a stream
    CHECK(groups_at_once(large, 16, 1) == 5);
    CHECK(groups_at_once(large, 16, 2) == 2);
    CHECK(groups_at_once(large, 3, 1) == 3);
    CHECK(groups_at_once(large / 2, 16, 1) == 16);  // all 8 threads may
    CHECK(groups_at_once(large / 2, 16, 2) == 5);
    CHECK(groups_at_once(large / 2, 16, 100) == 1);
}

TEST_CASE("block: streams that share history get one predictor, which may run on from block to block") {
    const Bytes first = random_bytes(3000, 1, 7);
    const Bytes second = random_bytes(2000, 2, 7);
    const PredictorMaker maker = test::ToyPredictor::maker();
    const std::vector<Bytes> alone = encode_streams(maker, second, 3, {});
    CHECK(decode(maker, alone, second.size()) == second);
    std::vector<Bytes> chained;
    for (const std::size_t threads : {1, 3}) {
        const test::Threads scope(threads);
        test::ToyPredictor writer;
        test::ToyPredictor reader;
        const std::vector<Bytes> before = encode_streams(writer, first, 5, {});
        chained = encode_streams(writer, second, 3, {});
        CHECK(decode(reader, before, first.size()) == first);
        CHECK(decode(reader, chained, second.size()) == second);
        test::ToyPredictor taught;
        teach_streams(taught, first, 5);
        CHECK(decode(taught, chained, second.size()) == second);
        test::ToyPredictor measured;
        teach_streams(measured, first, 5);
        const std::vector<double> bits = stream_bits(measured, second, 3, {});
        for (std::size_t i = 0; i < 3; ++i) {
            // Less than a byte and what the coder's range loses above the ideal.
            CHECK(8.0 * static_cast<double>(chained[i].size()) < bits[i] + 8 + 1e-3);
            CHECK(8.0 * static_cast<double>(chained[i].size()) > bits[i] - 16);
        }
    }
    // What the first block taught pays in the second.
    const auto size = [](const std::vector<Bytes>& payloads) {
        std::size_t sum = 0;
        for (const Bytes& payload : payloads) {
            sum += payload.size();
        }
        return sum;
    };
    CHECK(size(chained) < size(alone));
}

TEST_CASE("block: a model whose context would not fit is refused before it is allocated") {
    ModelConfig config = tiny_config(Architecture::modern);
    CHECK_NOTHROW(check_context_memory(config));
    config.context = config.window = 1 << 20;
    CHECK_NOTHROW(check_context_memory(config));  // 256 MiB
    config.layers = 9;
    CHECK(holds(message_of<Error>([&] { check_context_memory(config); }), "MiB of context"));
    CHECK(codable(256, random_bytes(100, 1)));
    CHECK(codable(128, Bytes{0, 127}));
    CHECK_FALSE(codable(128, Bytes{0, 128}));
}
