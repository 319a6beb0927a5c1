#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "bitlaw/base/hash.hpp"

using namespace bitlaw;

namespace {

Bytes counting_bytes(std::size_t size) {
    Bytes data(size);
    std::iota(data.begin(), data.end(), std::uint8_t{0});
    return data;
}

}  // namespace

TEST_CASE("hash: known values of xxh3-64") {
    // The empty value stands in the xxHash specification; the others come from Debian's shared libxxhash
    // 0.8.1, called from C.
    CHECK(hash64({}) == 0x2D06800538D394C2);
    CHECK(hash64(Bytes{'a'}) == 0xE6C632B61E964E1F);
    CHECK(hash64(counting_bytes(200)) == 0xF42A8864FEAF0703);
    CHECK(hash64(counting_bytes(5000)) == 0x1B74BDA2C82A8C7A);
}

TEST_CASE("hash: pieces give the hash of the whole, wherever they are cut") {
    const Bytes data = counting_bytes(3000);
    const std::uint64_t whole = hash64(data);
    for (std::size_t piece : {1, 7, 64, 255, 256, 1024, 2999, 3000}) {
        Hasher hasher;
        for (std::size_t start = 0; start < data.size(); start += piece) {
            hasher.update({});
            hasher.update(ByteSpan(data).subspan(start, std::min(piece, data.size() - start)));
        }
        CAPTURE(piece);
        CHECK(hasher.digest() == whole);
    }
    CHECK(Hasher().digest() == hash64({}));
}

TEST_CASE("hash: a digest leaves the hasher able to go on, and so does a move") {
    const Bytes data = counting_bytes(500);
    Hasher hasher;
    hasher.update(ByteSpan(data).first(300));
    CHECK(hasher.digest() == hash64(ByteSpan(data).first(300)));
    Hasher moved = std::move(hasher);
    moved.update(ByteSpan(data).subspan(300));
    CHECK(moved.digest() == hash64(data));
}

TEST_CASE("hash: every bit of a message changes its hash") {
    Bytes data = counting_bytes(100);
    const std::uint64_t whole = hash64(data);
    for (std::size_t bit = 0; bit < 8 * data.size(); ++bit) {
        data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CAPTURE(bit);
        CHECK(hash64(data) != whole);
        data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
}

TEST_CASE("hash: hexadecimal text") {
    CHECK(hex64(0) == "0000000000000000");
    CHECK(hex64(0x0123456789ABCDEF) == "0123456789abcdef");
    CHECK(hex64(0xFFFFFFFFFFFFFFFF) == "ffffffffffffffff");
}
