#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/measure.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/reset.hpp"
#include "bitlaw/predict/token_bytes.hpp"
#include "bitlaw/symbols/vocabulary.hpp"
#include "support/isa_scope.hpp"
#include "support/message.hpp"
#include "support/predictor_conformance.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::symbols;
using namespace bitlaw::test;

namespace {

/// Tokens of a few letters; most bytes need the escape.
StoredModel token_model(Architecture architecture) {
    std::vector<Bytes> tokens(3);
    for (const std::string text : {"a", "b", " ", "ab", " a", "aa", "bab", " ab", "abab"}) {
        tokens.emplace_back(text.begin(), text.end());
    }
    ModelConfig config = smallest_config(Architecture::modern, static_cast<std::uint32_t>(tokens.size()));
    config.architecture = architecture;
    if (architecture != Architecture::modern) {
        config.taps = 0;
        config.norm_epsilon = 10'000;
        config.head_width = 4;
    }
    StoredModel model = noisy_model(config, 3);
    model.model.vocabulary = std::make_shared<const Vocabulary>(
        tokens, TextCut::none, true, std::vector<std::uint32_t>{}, std::vector<Merge>{});
    return decode_model(encode_model(model.model, WeightFormatId::bf16, nullptr), "the test's model");
}

Bytes words(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    Bytes text(count);
    for (std::uint8_t& byte : text) {
        byte = static_cast<std::uint8_t>("aaabb  x"[random.below(8)]);
    }
    return text;
}

/// The codes of streams of these texts, given in calls of `cut` bytes.
std::vector<Bytes> codes_of(Predictor& predictor, const std::vector<Bytes>& texts, std::size_t cut) {
    std::vector<StreamEncoder> encoders(texts.size());
    std::vector<Coder*> coders;
    std::vector<std::size_t> lengths;
    for (std::size_t s = 0; s < texts.size(); ++s) {
        coders.push_back(&encoders[s]);
        lengths.push_back(texts[s].size());
    }
    predictor.begin(lengths);
    const std::size_t longest = *std::max_element(lengths.begin(), lengths.end());
    for (std::size_t first = 0; first < longest; first += cut) {
        const std::size_t n = std::min(cut, longest - first);
        std::vector<Symbol> symbols(texts.size() * n, ~Symbol{0});
        for (std::size_t s = 0; s < texts.size(); ++s) {
            for (std::size_t t = first; t < std::min(first + n, lengths[s]); ++t) {
                symbols[s * n + t - first] = texts[s][t];
            }
        }
        predictor.score(coders, symbols);
    }
    std::vector<Bytes> codes;
    for (StreamEncoder& encoder : encoders) {
        codes.push_back(encoder.finish());
    }
    return codes;
}

std::vector<Bytes> texts_of(Predictor& predictor, const std::vector<Bytes>& codes,
                            const std::vector<std::size_t>& lengths, std::size_t cut) {
    std::vector<StreamDecoder> decoders(codes.begin(), codes.end());
    std::vector<Coder*> coders;
    std::vector<Bytes> texts;
    for (std::size_t s = 0; s < codes.size(); ++s) {
        coders.push_back(&decoders[s]);
        texts.emplace_back(lengths[s]);
    }
    predictor.begin(lengths);
    const std::size_t longest = *std::max_element(lengths.begin(), lengths.end());
    for (std::size_t first = 0; first < longest; first += cut) {
        const std::size_t n = std::min(cut, longest - first);
        std::vector<Symbol> symbols(codes.size() * n, 0);
        predictor.step(coders, symbols);
        for (std::size_t s = 0; s < codes.size(); ++s) {
            for (std::size_t t = first; t < std::min(first + n, lengths[s]); ++t) {
                REQUIRE(symbols[s * n + t - first] < 256);
                texts[s][t] = static_cast<std::uint8_t>(symbols[s * n + t - first]);
            }
        }
    }
    return texts;
}

void check_tokens(const PredictorMaker& maker) {
    CHECK(maker.alphabet == 256);
    const std::vector<Bytes> texts{words(700, 1), words(70, 2), {}, words(1, 3), random_bytes(90, 4)};
    std::vector<std::size_t> lengths;
    for (const Bytes& text : texts) {
        lengths.push_back(text.size());
    }
    const auto writer = maker.make();
    const std::vector<Bytes> codes = codes_of(*writer, texts, 1000);
    for (const kernels::Isa isa : kernels::available_isas()) {
        for (const std::size_t cut : {1, 32, 1000}) {
            CAPTURE(kernels::isa_name(isa));
            CAPTURE(cut);
            const IsaScope scope(isa);
            const Threads threads(cut == 32 ? 2 : 1);
            CHECK(codes_of(*maker.make(), texts, cut) == codes);
            CHECK(texts_of(*maker.make(), codes, lengths, cut) == texts);
        }
    }
    // A second block by the same predictor is one of its own, or follows the first where it learns.
    const auto reader = maker.make();
    CHECK(texts_of(*reader, codes, lengths, 50) == texts);
    CHECK(texts_of(*reader, codes_of(*writer, texts, 50), lengths, 1000) == texts);
    for (const Bytes& code : {Bytes{}, Bytes(400, 0x00), Bytes(400, 0xFF), random_bytes(400, 9)}) {
        const auto hostile = maker.make();
        (void)texts_of(*hostile, std::vector<Bytes>(lengths.size(), code), lengths, 7);
    }
}

}  // namespace

TEST_CASE("tokens of a network give any bytes back, however they are cut into calls, on every machine") {
    for (const Architecture architecture : {Architecture::modern, Architecture{4}, Architecture{5}}) {
        const StoredModel model = token_model(architecture);
        const PackedModel packed(model.model, PackFor::inference);
        check_tokens(network_predictors(packed, {.reset_every = default_reset(model.model.config)}));
        check_tokens(network_predictors(packed, {.reset_every = 9}));
    }
}

TEST_CASE("a network of tokens learns what it codes, also one that is tied to its embedding") {
    for (const Architecture architecture : {Architecture{4}, Architecture{5}}) {
        const StoredModel model = token_model(architecture);
        check_tokens(learning_predictors(model.model,
                                         {.recipe = {.streams = 5, .segment = 16, .window = 16, .rate = 1e-2},
                                          .reset_every = default_reset(model.model.config)}));
    }
}

TEST_CASE("predictors conform: the bytes of a network of tokens, over all ways to cut them") {
    for (const Architecture architecture : {Architecture::modern, Architecture{5}}) {
        const StoredModel model = token_model(architecture);
        const PackedModel packed(model.model, PackFor::inference);
        CHECK(violations_of(token_bytes_predictors(packed, 0)) == "");
        CHECK(violations_of(token_bytes_predictors(packed, 5)) == "");
    }
}

TEST_CASE(
    "the bytes of a network of tokens: the first one's shares are sums over tokens that begin with it") {
    const StoredModel model = token_model(Architecture{5});
    const PackedModel packed(model.model, PackFor::inference);
    NetworkPredictor tokens(packed, {.reset_every = 32});
    TokenBytes bytes(packed, 32);
    const std::size_t length = 3;
    tokens.begin({&length, 1});
    bytes.begin({&length, 1});
    FrequencyTable by_token;
    FrequencyTable by_byte;
    tokens.predict(by_token);
    bytes.predict(by_byte);
    // Behind the leading space: tokens " a" and " ab" go on with a, " " ends, and what follows it is new.
    const Vocabulary& vocabulary = *model.model.vocabulary;
    double space = 0;
    double going_on = 0;
    for (Symbol symbol = 0; symbol < vocabulary.size(); ++symbol) {
        const ByteSpan text = vocabulary.bytes(symbol);
        if (!text.empty() && text[0] == ' ') {
            space += by_token.row(0)[symbol];
            going_on += text.size() > 1 ? by_token.row(0)[symbol] : 0;
        }
    }
    const Symbol alone = 5;  // " "
    REQUIRE(vocabulary.bytes(alone).size() == 1);
    tokens.accept({&alone, 1});
    tokens.predict(by_token);
    double fresh = 0;
    double fresh_a = 0;
    for (Symbol symbol = 0; symbol < vocabulary.size(); ++symbol) {
        const ByteSpan text = vocabulary.bytes(symbol);
        fresh += text.empty() ? 0 : by_token.row(0)[symbol];
        fresh_a += !text.empty() && text[0] == 'a' ? by_token.row(0)[symbol] : 0;
    }
    const double expected = going_on / space + (1 - going_on / space) * fresh_a / fresh;
    CHECK(by_byte.row(0)['a'] * 0x1p-23 == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("vocabularies of 32,768 and 131,072 tokens: any bytes, and every byte's share is the exact sum") {
    for (const std::uint32_t size : {std::uint32_t{32'768}, kMaxVocabulary}) {
        CAPTURE(size);
        std::vector<Bytes> tokens(
            1);  // then all bytes, then those followed by a byte, or by that and a letter
        for (std::uint32_t i = 0; tokens.size() < size; ++i) {
            Bytes token{static_cast<std::uint8_t>(i)};
            for (std::uint32_t rest = i >> 8; rest > 0; rest >>= 8) {
                token.push_back(static_cast<std::uint8_t>(rest));
            }
            tokens.push_back(std::move(token));
        }
        ModelConfig config = smallest_config(Architecture::modern, size);
        config.architecture = Architecture{5};
        config.taps = 0;
        config.norm_epsilon = 10'000;
        config.head_width = 4;
        Model model = initial_model(config, 3);
        model.vocabulary = std::make_shared<const Vocabulary>(
            tokens, TextCut::none, false, std::vector<std::uint32_t>{}, std::vector<Merge>{});
        const PackedModel packed(model, PackFor::inference);
        NetworkPredictor by_tokens(packed, {.reset_every = 32});
        TokenBytes by_bytes(packed, 32);
        const std::size_t length = 1;
        by_tokens.begin({&length, 1});
        by_bytes.begin({&length, 1});
        FrequencyTable of_tokens;
        FrequencyTable of_bytes;
        by_tokens.predict(of_tokens);
        by_bytes.predict(of_bytes);
        std::vector<double> sums(256);
        for (Symbol symbol = 1; symbol < size; ++symbol) {
            sums[tokens[symbol].front()] += of_tokens.row(0)[symbol];
        }
        const double all = std::accumulate(sums.begin(), sums.end(), 0.0);
        for (std::size_t byte = 0; byte < sums.size(); ++byte) {
            CAPTURE(byte);
            CHECK(std::abs(of_bytes.row(0)[byte] - 1 - sums[byte] / all * 0x1p23) <= 2.0);
        }
        const PredictorMaker maker = network_predictors(packed, {.reset_every = 32});
        const std::vector<Bytes> texts{words(40, 1), random_bytes(40, 4)};
        CHECK(texts_of(*maker.make(), codes_of(*maker.make(), texts, 40), {40, 40}, 40) == texts);
    }
}

TEST_CASE("an archive of a token model has the size of its estimate and needs its vocabulary") {
    const StoredModel model = token_model(Architecture{5});
    const Bytes plain = words(5000, 8);
    coding::CompressOptions options;
    options.streams = 3;
    Bytes archive;
    std::size_t at = 0;
    const auto summary = coding::compress(
        model, options,
        [&](std::span<std::uint8_t> out) {
            const std::size_t n = std::min(out.size(), plain.size() - at);
            std::copy_n(plain.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
            at += n;
            return n;
        },
        [&](ByteSpan bytes) { archive.insert(archive.end(), bytes.begin(), bytes.end()); });
    CHECK(summary.blocks_of(coding::kNetwork) == 1);
    const coding::Estimate estimate = coding::estimate(model, options, plain);
    CHECK(std::abs(estimate.archive_bytes - static_cast<double>(archive.size())) < 3 * 32 + 5);
    CHECK(coding::chunked_bits(model, plain, 100, {}) > estimate.code_bits);

    StoredModel other = model;
    other.model.vocabulary = nullptr;
    CHECK(model_id(other.model, WeightFormatId::bf16) != model.id);
    CHECK(model_id(model.model, WeightFormatId::bf16) == model.id);
    CHECK(encode_model(model.model, WeightFormatId::bf16, nullptr).size() == model.stored_bytes);
    Bytes file = encode_model(model.model, WeightFormatId::bf16, nullptr);
    const StoredModel back = decode_model(file, "it");
    REQUIRE(back.model.vocabulary != nullptr);
    CHECK(back.model.vocabulary->encode() == model.model.vocabulary->encode());
    other.model.vocabulary = std::make_shared<const Vocabulary>(
        std::vector<Bytes>(3), TextCut::none, false, std::vector<std::uint32_t>{}, std::vector<Merge>{});
    CHECK(holds(message_of<Error>([&] {
                    (void)decode_model(encode_model(other.model, WeightFormatId::bf16, nullptr), "it");
                }),
                "3 tokens"));
}
