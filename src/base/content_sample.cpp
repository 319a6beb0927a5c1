#include "bitlaw/base/content_sample.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/shingles.hpp"

namespace bitlaw {
namespace {

// With the mean step of 2^24 / 7000 = 2,397 a varint takes two bytes, so all take some 14,000.
constexpr std::size_t kMostWindows = 7000;
constexpr unsigned kValueBits = 24;
constexpr unsigned kLeastZeros = 4;

// The bits of a hash that a sample keeps.
std::uint32_t value_of(std::uint64_t hash, std::uint64_t most) {
    const auto bits = static_cast<int>(std::bit_width(most));
    const int shift = std::max(bits - static_cast<int>(kValueBits), 0);
    return static_cast<std::uint32_t>(hash >> shift);
}

// Distinct hashes up to `most`, ascending.
std::vector<std::uint64_t> hashes_of(std::span<const ByteSpan> data, std::uint64_t most) {
    constexpr std::size_t kPiece = std::size_t{1} << 22;
    std::vector<std::uint64_t> hashes;
    for (const ByteSpan all : data) {
        const std::size_t pieces = (all.size() + kPiece - 1) / kPiece;
        std::vector<std::vector<std::uint64_t>> found(pieces);
        parallel_for(pieces, [&](std::size_t piece) {
            const std::size_t begin = piece * kPiece;
            const std::size_t count = std::min(all.size() - begin, kPiece + kShingleBytes - 1);
            for_shingles(all.subspan(begin, count), most,
                         [&](std::uint64_t hash) { found[piece].push_back(hash); });
        });
        for (const auto& list : found) {
            hashes.insert(hashes.end(), list.begin(), list.end());
        }
    }
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    return hashes;
}

struct Sample {
    std::uint64_t most = 0;
    std::vector<std::uint32_t> values;
};

Sample parse(ByteSpan bytes) {
    Sample sample;
    if (bytes.size() > kMostSampleBytes) {
        fail("the sample of the training data has ", bytes.size(), " bytes, and at most ", kMostSampleBytes,
             " are possible");
    }
    ByteReader reader(bytes, "the sample of the training data");
    sample.most = reader.u64();
    std::uint64_t value = 0;
    while (reader.remaining() > 0) {
        const std::uint64_t step = reader.varint();
        value += step;
        if (step >> kValueBits != 0 || value >> kValueBits != 0 || (step == 0 && !sample.values.empty())) {
            fail("the sample of the training data does not ascend");
        }
        sample.values.push_back(static_cast<std::uint32_t>(value));
    }
    return sample;
}

}  // namespace

Bytes content_sample(std::span<const ByteSpan> data) {
    std::uint64_t bytes = 0;
    for (const ByteSpan span : data) {
        bytes += span.size();
    }
    // Four times as many as are kept, where nothing repeats; all that may be kept, where that was too few.
    const auto wanted = static_cast<unsigned>(std::bit_width(bytes / (4 * kMostWindows)));
    unsigned zeros = std::max(wanted, kLeastZeros);
    std::vector<std::uint64_t> hashes = hashes_of(data, ~std::uint64_t{0} >> zeros);
    if (hashes.size() < kMostWindows && zeros > kLeastZeros) {
        zeros = kLeastZeros;
        hashes = hashes_of(data, ~std::uint64_t{0} >> zeros);
    }
    std::uint64_t most = ~std::uint64_t{0} >> zeros;
    if (hashes.size() > kMostWindows) {
        hashes.resize(kMostWindows);
        most = hashes.back();
    }
    if (hashes.empty()) {
        return {};
    }
    ByteWriter writer;
    writer.u64(most);
    std::uint32_t before = 0;
    bool is_first = true;
    for (const std::uint64_t hash : hashes) {
        const std::uint32_t value = value_of(hash, most);
        if (is_first || value != before) {  // two hashes may share their bits
            writer.varint(value - before);
        }
        before = value;
        is_first = false;
    }
    BITLAW_ASSERT(writer.data().size() <= kMostSampleBytes);
    return writer.take();
}

SeenShare seen_share(ByteSpan sample, ByteSpan bytes) {
    const Sample known = parse(sample);
    const std::vector<std::uint64_t> hashes = hashes_of({&bytes, 1}, known.most);
    const auto found = std::count_if(hashes.begin(), hashes.end(), [&](std::uint64_t hash) {
        return std::binary_search(known.values.begin(), known.values.end(), value_of(hash, known.most));
    });
    return {bytes.size(), hashes.size(), static_cast<std::uint64_t>(found)};
}

void require_sample(ByteSpan sample) { (void)parse(sample); }

}  // namespace bitlaw
