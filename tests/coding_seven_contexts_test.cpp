#include <doctest/doctest.h>

#include <string>

#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/predict/seven_contexts.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::coding;

namespace {

// Words that repeat: about 2 bits a byte for who knows them.
Bytes text(std::size_t count) {
    const std::vector<std::string> words{"the ",   "river ", "stone ", "house ", "of ",
                                         "light ", "and ",   "under ", "falls. "};
    Random random(3);
    std::string all;
    while (all.size() < count) {
        all += words[random.below(words.size())];
    }
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

const PredictorMaker kMaker = seven_context_predictors();

Bytes code_of(ByteSpan plain) { return encode_streams(kMaker, plain, 1, {})[0]; }

Bytes back(ByteSpan code, std::size_t count) {
    Bytes plain(count);
    decode_streams(kMaker, {&code, 1}, plain, {});
    return plain;
}

CodecSummary compressed(const StoredModel& model, Fallback fallback, const Bytes& plain, Bytes& archive) {
    CompressOptions options;
    options.fallback = fallback;
    return compress(model, options, source_of(plain), sink_to(archive));
}

Bytes restored(const StoredModel& model, const Bytes& archive) {
    Bytes plain;
    const ModelFinder find = [&](std::uint64_t) -> const StoredModel& { return model; };
    (void)decompress(find, source_of(archive), sink_to(plain), {});
    return plain;
}

}  // namespace

TEST_CASE("seven contexts: bytes come back, of every kind and length") {
    for (const std::size_t count : {1U, 2U, 3U, 100U, 5000U}) {
        for (const Bytes& plain :
             {text(count), test::random_bytes(count, 5), Bytes(count, 0), Bytes(count, 0xFF)}) {
            const Bytes code = code_of(plain);
            REQUIRE(back(code, plain.size()) == plain);
            REQUIRE(code.size() <= count + count / 20 + 8);
        }
    }
}

TEST_CASE("seven contexts: text and zeros become small, and random bytes hardly grow") {
    CHECK(code_of(text(20000)).size() < 20000 * 3 / 10);
    CHECK(code_of(Bytes(20000, 0)).size() < 40);
    CHECK(code_of(test::random_bytes(20000, 1)).size() < 20800);
}

TEST_CASE("seven contexts: the code is the same for ever") {
    // A change of these is a change of the format.
    CHECK(hex64(hash64(code_of(text(5000)))) == "52a6763d44621922");
    CHECK(hex64(hash64(code_of(test::random_bytes(3000, 9)))) == "72609875b8a856b5");
}

TEST_CASE("seven contexts: any code gives some bytes") {
    const Bytes code = code_of(text(300));
    for (std::size_t length = 0; length <= code.size(); ++length) {
        REQUIRE(back(ByteSpan(code).first(length), 300).size() == 300);
    }
    CHECK(back(test::random_bytes(500, 2), 300).size() == 300);
}

TEST_CASE("seven contexts: streams of a block follow from its length") {
    const Method& method = *find_method(methods(), kSevenContexts, 1);
    const auto fault = [&](std::uint64_t bytes, std::size_t streams) {
        return method.fault({kSevenContexts, bytes, std::vector<std::uint64_t>(streams, 1), 0});
    };
    CHECK(fault(1, 1).empty());
    CHECK(fault((1 << 22) - 1, 1).empty());
    CHECK(fault(1 << 22, 2).empty());
    CHECK(fault(1 << 24, 8).empty());
    CHECK(fault(1 << 22, 1) == "the number of streams of the seven contexts is 1");
    CHECK(fault(1 << 24, 9) == "the number of streams of the seven contexts is 9");
}

TEST_CASE("fallback: never stores what the model makes larger, worse and best code it without the model") {
    const StoredModel model = test::noisy_model(test::tiny_config(Architecture::modern), 5);
    const Bytes plain = text(6000);
    for (const Fallback fallback : {Fallback::never, Fallback::worse, Fallback::best}) {
        Bytes archive;
        const CodecSummary summary = compressed(model, fallback, plain, archive);
        CHECK(summary.blocks_of(kStored) == (fallback == Fallback::never ? 1 : 0));
        CHECK(summary.blocks_of(kSevenContexts) == (fallback == Fallback::never ? 0 : 1));
        CHECK((archive.size() < plain.size() / 2) == (fallback != Fallback::never));
        CHECK(restored(model, archive) == plain);
        const CodecSummary listed = list_archive(source_of(archive)).summary;
        CHECK(listed.blocks_of(kSevenContexts) == summary.blocks_of(kSevenContexts));
        CHECK(listed.streams == summary.streams);
    }
}

TEST_CASE("fallback: what the model makes smaller stays the model's unless best finds less") {
    const StoredModel model = test::noisy_model(test::tiny_config(Architecture::modern), 5);
    const Bytes plain = test::likely_bytes(model, 4000, 2);
    Bytes never;
    Bytes worse;
    Bytes best;
    CHECK(compressed(model, Fallback::never, plain, never).blocks_of(kStored) == 0);
    CHECK(compressed(model, Fallback::worse, plain, worse).blocks_of(kSevenContexts) == 0);
    (void)compressed(model, Fallback::best, plain, best);
    CHECK(worse == never);
    CHECK(best.size() <= never.size());
    CHECK(restored(model, best) == plain);
}

TEST_CASE("fallback: no input grows by more than 0.1 % and 64 bytes") {
    const StoredModel model = test::noisy_model(test::tiny_config(Architecture::modern), 5);
    for (const std::size_t count : {0U, 1U, 10U, 1000U, 70000U}) {
        const Bytes plain = test::random_bytes(count, count);
        for (const Fallback fallback : {Fallback::never, Fallback::worse, Fallback::best}) {
            Bytes archive;
            (void)compressed(model, fallback, plain, archive);
            CHECK(archive.size() <= plain.size() + plain.size() / 1000 + 64);
            CHECK(restored(model, archive) == plain);
        }
    }
}
