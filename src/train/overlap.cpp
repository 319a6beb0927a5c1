#include "bitlaw/train/overlap.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/shingles.hpp"

namespace bitlaw::train {
namespace {

constexpr std::size_t kWindow = kShingleBytes;
constexpr unsigned kMostSampleBits = 6;
// Windows that data of a few thousand bytes have at least.
constexpr std::uint64_t kFewestWindows = 2048;
constexpr std::size_t kFewestFound = 4;

// Calls take(hash) for the windows in `bytes` whose hash begins with so many zeros.
template <class Take>
void for_windows(ByteSpan bytes, unsigned sample_bits, const Take& take) {
    for_shingles(bytes, ~std::uint64_t{0} >> sample_bits, take);
}

// Begin and end in a file.
using Stretch = std::pair<std::uint64_t, std::uint64_t>;

// Bytes of `stretch` that others cover.
std::uint64_t covered(Stretch stretch, std::vector<Stretch> others) {
    std::sort(others.begin(), others.end());
    std::uint64_t bytes = 0;
    std::uint64_t done = stretch.first;
    for (const auto& [begin, end] : others) {
        const std::uint64_t from = std::max(done, begin);
        const std::uint64_t to = std::min(stretch.second, end);
        if (from < to) {
            bytes += to - from;
            done = to;
        }
    }
    return bytes;
}

Stretch stretch_of(const Corpus& corpus, std::size_t range, std::uint64_t bytes) {
    const std::uint64_t begin = corpus.sources()[range].begin;
    return {begin, begin + bytes};
}

// Share of the distinct windows of `held` that `trained` has.
double repeated_share(const Corpus& trained, const std::vector<ByteSpan>& held, std::uint64_t bytes) {
    const auto sample_bits =
        static_cast<unsigned>(std::min<std::size_t>(std::bit_width(bytes / kFewestWindows), kMostSampleBits));
    std::vector<std::uint64_t> windows;
    for (const ByteSpan span : held) {
        for_windows(span, sample_bits, [&](std::uint64_t hash) { windows.push_back(hash); });
    }
    std::sort(windows.begin(), windows.end());
    windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
    std::vector<std::atomic<bool>> found(windows.size());
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    const auto part = [&](ByteSpan all, std::size_t piece) {
        const std::size_t begin = piece * kPiece;
        return all.subspan(begin, std::min(all.size() - begin, kPiece + kWindow - 1));
    };
    for (std::size_t range = 0; range < trained.ranges() && !windows.empty(); ++range) {
        const ByteSpan all = trained.bytes(range);
        parallel_for((all.size() + kPiece - 1) / kPiece, [&](std::size_t piece) {
            for_windows(part(all, piece), sample_bits, [&](std::uint64_t hash) {
                const auto at = std::lower_bound(windows.begin(), windows.end(), hash);
                if (at != windows.end() && *at == hash) {
                    found[static_cast<std::size_t>(at - windows.begin())].store(true,
                                                                                std::memory_order_relaxed);
                }
            });
            trained.forget(range, part(all, piece));
        });
    }
    const auto count = static_cast<std::size_t>(
        std::count_if(found.begin(), found.end(), [](const std::atomic<bool>& f) { return f.load(); }));
    return count < kFewestFound ? 0.0 : static_cast<double>(count) / static_cast<double>(windows.size());
}

}  // namespace

Overlap overlap_of(const Corpus& trained, const Corpus& held, std::uint64_t most_bytes) {
    Overlap overlap;
    std::vector<ByteSpan> spans;
    for (std::size_t h = 0; h < held.ranges() && overlap.bytes < most_bytes; ++h) {
        const ByteSpan all = held.bytes(h);
        const std::uint64_t count = std::min<std::uint64_t>(all.size(), most_bytes - overlap.bytes);
        spans.push_back(all.first(count));
        overlap.bytes += count;
        std::vector<Stretch> others;
        for (std::size_t t = 0; t < trained.ranges(); ++t) {
            std::error_code ignored;
            if (std::filesystem::equivalent(trained.path(t), held.path(h), ignored)) {
                others.push_back(stretch_of(trained, t, trained.bytes(t).size()));
            }
        }
        overlap.same_place += covered(stretch_of(held, h, count), std::move(others));
    }
    if (overlap.same_place < overlap.bytes) {
        overlap.repeated = repeated_share(trained, spans, overlap.bytes);
    }
    return overlap;
}

std::string overlap_text(const Overlap& overlap, const std::string& what, const std::string& where) {
    if (overlap.same_place > 0) {
        return text_of(with_commas(overlap.same_place), " of ", with_commas(overlap.bytes), ' ', what,
                       " are among ", where);
    }
    if (overlap.is_any()) {
        return text_of("about ", std::lround(100.0 * overlap.repeated), " % of ", with_commas(overlap.bytes),
                       ' ', what, " also stand in ", where);
    }
    return "";
}

}  // namespace bitlaw::train
