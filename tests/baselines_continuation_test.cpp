#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/baselines/continuation.hpp"

using namespace bitlaw;
using namespace bitlaw::baselines;

namespace {

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string continued(const Compressor& compressor, const std::string& prompt, std::uint64_t count,
                      const ContinuationOptions& options) {
    std::string text;
    draw_continuation(
        compressor, bytes_of(prompt), count, options,
        [&](ByteSpan bytes) { text.append(bytes.begin(), bytes.end()); }, [] {});
    return text;
}

// A text that ends in 'a' takes one byte less than any other.
Compressor fond_of_a() {
    Compressor compressor;
    compressor.compress = [](ByteSpan plain, const datasets::DataShape&, const CompressorWatch&) {
        return Bytes(plain.back() == 'a' ? 9 : 10);
    };
    return compressor;
}

std::string repeated(const std::string& word, std::size_t count) {
    std::string text;
    while (text.size() < count) {
        text += word;
    }
    return text.substr(0, count);
}

}  // namespace

TEST_CASE("continuation: single bytes are drawn with 2^-bits, and a temperature divides the bits") {
    constexpr double kDraws = 2000;
    const auto share_of_a = [&](double temperature) {
        const std::string text =
            continued(fond_of_a(), "x", 2000, {.look_ahead = 1, .temperature = temperature});
        return static_cast<double>(std::count(text.begin(), text.end(), 'a')) / kDraws;
    };
    // 1 / (1 + 255 / 2^8), and 1 / (1 + 255 / 2^4); four standard deviations are 0.045 and 0.021.
    CHECK(share_of_a(1) == doctest::Approx(256.0 / 511).epsilon(0.09));
    CHECK(share_of_a(2) == doctest::Approx(16.0 / 271).epsilon(0.36));
    CHECK(share_of_a(0) == 1);
}

TEST_CASE("continuation: of more bytes those that the text has are drawn, and a seed gives the same") {
    const std::string prompt = "the old stone house stands near the river";
    const std::string text = continued(fond_of_a(), prompt, 31, {.look_ahead = 4, .temperature = 8});
    CHECK(text.size() == 31);
    for (std::size_t i = 0; i + 4 <= text.size(); i += 4) {
        CHECK((prompt + text.substr(0, i)).find(text.substr(i, 4)) != std::string::npos);
    }
    CHECK(text == continued(fond_of_a(), prompt, 31, {.look_ahead = 4, .temperature = 8}));
    CHECK(text != continued(fond_of_a(), prompt, 31, {.look_ahead = 4, .temperature = 8, .seed = 2}));
    // Too short to have four bytes: any byte.
    CHECK(continued(fond_of_a(), "", 3, {.look_ahead = 4, .temperature = 0}) == "aaa");
}

TEST_CASE("continuation: real compressors go on with what repeats") {
    const std::string word = "one line of it\n";
    const std::string prompt = repeated(word, 300);
    const std::string expected = repeated(word, 340).substr(300);
    for (const Compressor& compressor : all_compressors()) {
        const bool is_chosen =
            compressor.key == "gzip" || compressor.key == "lzma2" || compressor.key == "ppmd";
        if (is_chosen && compressor.missing.empty()) {
            CAPTURE(compressor.key);
            CHECK(continued(compressor, prompt, 40, {.look_ahead = 8, .temperature = 0}) == expected);
        }
    }
}

TEST_CASE("continuation: a program that packs many texts in one call says what each takes") {
    for (const Compressor& compressor : all_compressors()) {
        if (!compressor.sizes || !compressor.missing.empty()) {
            continue;
        }
        CAPTURE(compressor.key);
        const std::vector<std::uint64_t> sizes =
            compressor.sizes({bytes_of("a"), Bytes(5000, 'x'),
                              bytes_of(repeated("the river under green light ", 3000)), bytes_of("a")});
        REQUIRE(sizes.size() == 4);
        CHECK(sizes[0] == sizes[3]);
        CHECK(sizes[0] < sizes[2]);
        CHECK(sizes[1] < 100);
        CHECK(sizes[2] < 200);
    }
}
