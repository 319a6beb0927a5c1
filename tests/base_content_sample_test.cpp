#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

// Text-like bytes of 20 different ones.
Bytes text_bytes(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) {
        byte = static_cast<std::uint8_t>('a' + random.below(20));
    }
    return bytes;
}

Bytes sample_of(const Bytes& bytes) {
    const ByteSpan span(bytes);
    return content_sample({&span, 1});
}

}  // namespace

TEST_CASE("pieces of the data are found wherever they lie, and nothing else is") {
    const Bytes data = text_bytes(20'000'000, 1);
    const Bytes sample = sample_of(data);
    CHECK(sample.size() > 12'000);
    CHECK(sample.size() <= kMostSampleBytes);
    Random random(2);
    int seen = 0;
    constexpr int kCuts = 200;
    for (int i = 0; i < kCuts; ++i) {
        const std::size_t begin = random.below(data.size() - 500'000);
        const SeenShare found = seen_share(sample, ByteSpan(data).subspan(begin, 500'000));
        CHECK(found.found == found.windows);
        seen += found.is_seen();
    }
    CHECK(seen >= 95 * kCuts / 100);
    for (std::uint64_t other = 3; other < 23; ++other) {
        CHECK_FALSE(seen_share(sample, text_bytes(500'000, other)).is_seen());
    }
    // Half of it is new.
    Bytes half = text_bytes(500'000, 99);
    std::copy_n(data.begin() + 3'000'000, 500'000, std::back_inserter(half));
    const SeenShare part = seen_share(sample, half);
    CHECK(part.is_seen());
    CHECK(part.share() == doctest::Approx(0.5).epsilon(0.2));
}

TEST_CASE("data as large as a whole training set have as many windows as tell a cut of 500 KB") {
    // The sample of 100 MB has a 14,000th of its places.
    const SeenShare share{500'000, 35, 35};
    CHECK(share.is_seen());
    CHECK(SeenShare{99'999, 35, 35}.is_too_short());
    CHECK_FALSE(SeenShare{99'999, 35, 35}.is_seen());
    CHECK(SeenShare{500'000, 3, 3}.is_too_short());
    CHECK_FALSE(SeenShare{5'000'000, 350, 3}.is_seen());     // phrases
    CHECK_FALSE(SeenShare{50'000'000, 3500, 60}.is_seen());  // what texts of a kind share
    CHECK(SeenShare{50'000'000, 3500, 80}.is_seen());
}

TEST_CASE("a sample is the same for any number of threads, and counts what repeats once") {
    const Bytes data = text_bytes(9'000'000, 4);
    const Bytes sample = sample_of(data);
    const std::size_t threads = thread_count();
    set_thread_count(threads == 1 ? 3 : 1);
    CHECK(sample_of(data) == sample);
    set_thread_count(threads);
    Bytes twice = data;
    twice.insert(twice.end(), data.begin(), data.end());
    // Windows across the seam, and pieces, change next to nothing.
    CHECK(seen_share(sample_of(twice), data).share() == 1.0);
    const std::array<ByteSpan, 2> ranges{ByteSpan(data).first(4'000'000), ByteSpan(data).subspan(4'000'000)};
    CHECK(seen_share(content_sample(ranges), data).share() > 0.999);
}

TEST_CASE("silence with a click in it is in any recording and counts for nothing") {
    // Noise, with a silence of the same kind in both: a click after each 70 equal samples.
    const auto recording = [](std::uint64_t seed) {
        Bytes bytes = text_bytes(300'000, seed);
        for (std::size_t i = 100'000; i < 200'000; ++i) {
            bytes[i] = i % 70 == 0 ? static_cast<std::uint8_t>(i / 70 % 200) : 128;
        }
        return bytes;
    };
    const Bytes sample = sample_of(recording(1));
    CHECK(seen_share(sample, recording(1)).share() > 0.999);
    CHECK(seen_share(sample, recording(2)).share() < 0.002);  // 7,000 of 2^24 values agree by chance
    CHECK(!seen_share(sample, recording(2)).is_too_short());
}

TEST_CASE("small data, equal bytes, and none") {
    CHECK(sample_of({}).empty());
    CHECK(sample_of(Bytes(63, 7)).empty());
    CHECK(sample_of(Bytes(1'000'000, 7)).size() <= 12);
    const Bytes small = text_bytes(3000, 5);
    const SeenShare own = seen_share(sample_of(small), small);
    CHECK(own.windows > 100);
    CHECK(own.found == own.windows);
    CHECK(own.is_too_short());
}

TEST_CASE("a damaged sample is refused") {
    Bytes sample = sample_of(text_bytes(100'000, 6));
    CHECK_NOTHROW(require_sample(sample));
    CHECK(holds(message_of<Error>([&] { require_sample(Bytes(kMostSampleBytes + 1)); }), "at most 15000"));
    Bytes flat = sample;
    flat.push_back(0);
    CHECK(holds(message_of<Error>([&] { require_sample(flat); }), "does not ascend"));
    CHECK_THROWS_AS(require_sample(ByteSpan(sample).first(5)), Error);
    Bytes beyond = sample;
    for (int i = 0; i < 4; ++i) {
        beyond.insert(beyond.end(), {0xff, 0xff, 0x7f});
    }
    CHECK(holds(message_of<Error>([&] { require_sample(beyond); }), "does not ascend"));
}

TEST_CASE(
    "windows across the pieces in which large data are read are in the sample, and every piece is told of") {
    constexpr std::size_t kBorder = std::size_t{64} << 20;
    Bytes data(kBorder + 1000, 0);
    const Bytes odd = text_bytes(200, 5);
    std::copy(odd.begin(), odd.end(), data.begin() + kBorder - 100);
    std::size_t told = 0;
    const ByteSpan all = data;
    const Bytes sample = content_sample({&all, 1}, [&](std::size_t range, ByteSpan part) {
        CHECK(range == 0);
        told += part.size();
    });
    const ByteSpan middle = all.subspan(kBorder - 500, 1000);
    CHECK(sample == content_sample({&middle, 1}));
    CHECK(sample.size() > 20);
    CHECK(told >= data.size());
}
