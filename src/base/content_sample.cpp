#include "bitlaw/base/content_sample.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
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

using Done = std::function<void(std::size_t, ByteSpan)>;

// The smallest `keep` of the distinct ones, ascending.
void make_distinct(std::vector<std::uint64_t>& hashes, std::size_t keep) {
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    hashes.resize(std::min(hashes.size(), keep));
}

// The smallest `keep` of the distinct hashes up to `most`, ascending. Some pieces at a time, so that memory
// does not grow with the data.
std::vector<std::uint64_t> hashes_of(std::span<const ByteSpan> data, std::uint64_t most, std::size_t keep,
                                     const Done& done) {
    constexpr std::size_t kPiece = std::size_t{1} << 22;
    constexpr std::size_t kPieces = 16;
    std::vector<std::uint64_t> hashes;
    for (std::size_t range = 0; range < data.size(); ++range) {
        const ByteSpan all = data[range];
        for (std::size_t first = 0; first < all.size(); first += kPieces * kPiece) {
            const ByteSpan part =
                all.subspan(first, std::min(all.size() - first, kPieces * kPiece + kShingleBytes - 1));
            std::array<std::vector<std::uint64_t>, kPieces> found;
            parallel_for(kPieces, [&](std::size_t piece) {
                const std::size_t begin = piece * kPiece;
                if (begin >= part.size()) {
                    return;
                }
                const std::size_t count = std::min(part.size() - begin, kPiece + kShingleBytes - 1);
                for_shingles(part.subspan(begin, count), most, [&](std::uint64_t hash) {
                    // Where one byte fills the data, all windows are one.
                    if (found[piece].empty() || found[piece].back() != hash) {
                        found[piece].push_back(hash);
                    }
                });
                make_distinct(found[piece], keep);
            });
            for (const auto& list : found) {
                hashes.insert(hashes.end(), list.begin(), list.end());
            }
            make_distinct(hashes, keep);
            if (done) {
                done(range, part);
            }
        }
    }
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

Bytes content_sample(std::span<const ByteSpan> data) { return content_sample(data, {}); }

Bytes content_sample(std::span<const ByteSpan> data, const Done& done) {
    std::uint64_t bytes = 0;
    for (const ByteSpan span : data) {
        bytes += span.size();
    }
    // Four times as many as are kept, where nothing repeats; all that may be kept, where that was too few.
    const auto wanted = static_cast<unsigned>(std::bit_width(bytes / (4 * kMostWindows)));
    unsigned zeros = std::max(wanted, kLeastZeros);
    // One more than are kept tells that there are more.
    constexpr std::size_t kKeep = kMostWindows + 1;
    std::vector<std::uint64_t> hashes = hashes_of(data, ~std::uint64_t{0} >> zeros, kKeep, done);
    if (hashes.size() < kMostWindows && zeros > kLeastZeros) {
        zeros = kLeastZeros;
        hashes = hashes_of(data, ~std::uint64_t{0} >> zeros, kKeep, done);
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
    const std::vector<std::uint64_t> hashes = hashes_of({&bytes, 1}, known.most, ~std::size_t{0}, {});
    const auto found = std::count_if(hashes.begin(), hashes.end(), [&](std::uint64_t hash) {
        return std::binary_search(known.values.begin(), known.values.end(), value_of(hash, known.most));
    });
    return {bytes.size(), hashes.size(), static_cast<std::uint64_t>(found)};
}

void require_sample(ByteSpan sample) { (void)parse(sample); }

}  // namespace bitlaw
