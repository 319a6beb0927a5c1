#include "bitlaw/symbols/pair_merging.hpp"

#include <algorithm>
#include <queue>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/symbols/tokenizer.hpp"

namespace bitlaw::symbols {
namespace {

// Of a byte of the different pieces: its symbol and its place in the list of a pair, which may grow to twice
// its length. Of a piece beside its bytes: a node of the table and a separator.
constexpr std::uint64_t kByteMemory = 4 + 2 * 4;
constexpr std::uint64_t kPieceMemory = 96;
constexpr std::uint64_t kMostMemory = std::uint64_t{2} << 30;

// A pair that occurs once saves less than its symbol costs.
constexpr std::uint64_t kFewest = 2;

constexpr Symbol kInside = ~Symbol{0};  // within a token, at neither of its ends
constexpr Symbol kFirstByte = 1;

std::string_view view(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// A pair and how often it occurred when it was put here; it may occur less often now.
struct Candidate {
    std::uint64_t count;
    Symbol left;
    Symbol right;
    bool operator<(const Candidate& other) const {  // the most frequent first, then the smallest symbols
        return std::tuple(count, other.left, other.right) < std::tuple(other.count, left, right);
    }
};

// All different pieces behind each other, cut into tokens, and the pairs of neighbours in them. A token
// stands at its first and at its last byte, so that it is found from both sides.
class PairMerger {
   public:
    PairMerger(const PieceCounts& pieces, std::uint32_t size) : size_(size), lengths_(kByteSymbols, 1) {
        tokens_.resize(kByteSymbols);
        for (unsigned byte = 0; byte < 256; ++byte) {
            tokens_[kFirstByte + byte] = {static_cast<std::uint8_t>(byte)};
        }
        place(pieces);
        for (std::uint32_t at = 0; at + 1 < text_.size(); ++at) {
            add(text_[at], text_[at + 1], weight(at), at);
        }
        push_fresh();
    }

    Vocabulary run(TextCut cut, const std::function<void(std::uint32_t)>& watch) {
        while (tokens_.size() < size_ && !candidates_.empty()) {
            const Candidate best = candidates_.top();
            candidates_.pop();
            const auto found = pairs_.find(key(best.left, best.right));
            if (found == pairs_.end()) {
                continue;
            }
            if (found->second.count < best.count) {
                push(found->second.count, best.left, best.right);
                continue;
            }
            Bytes joined = tokens_[best.left];
            joined.insert(joined.end(), tokens_[best.right].begin(), tokens_[best.right].end());
            if (joined.size() > kMaxTokenBytes ||
                !spelt_.emplace(view(joined)).second) {  // bytes alone are no joined pair
                continue;
            }
            join(best.left, best.right, std::move(joined));
            if (watch) {
                watch(static_cast<std::uint32_t>(tokens_.size()));
            }
        }
        return {tokens_, cut, false, {}, merges_};
    }

   private:
    struct Pair {
        std::uint64_t count = 0;
        std::vector<std::uint32_t> places;  // ascending; some are of other tokens now
    };
    // Pieces from `begin` on occur so often.
    struct Weight {
        std::uint32_t begin;
        std::uint64_t count;
    };

    static std::uint64_t key(Symbol left, Symbol right) { return std::uint64_t{left} << 32 | right; }

    void place(const PieceCounts& pieces) {
        std::vector<std::pair<std::string_view, std::uint64_t>> sorted(pieces.counts().begin(),
                                                                       pieces.counts().end());
        std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
            return std::tie(b.second, a.first) < std::tie(a.second, b.first);
        });
        text_.push_back(0);
        for (const auto& [piece, count] : sorted) {
            if (weights_.empty() || weights_.back().count != count) {
                weights_.push_back({static_cast<std::uint32_t>(text_.size()), count});
            }
            for (const char c : piece) {
                text_.push_back(kFirstByte + static_cast<std::uint8_t>(c));
            }
            text_.push_back(0);
        }
    }

    [[nodiscard]] std::uint64_t weight(std::uint32_t at) const {
        const auto after =
            std::upper_bound(weights_.begin(), weights_.end(), at,
                             [](std::uint32_t place, const Weight& weight) { return place < weight.begin; });
        return after == weights_.begin() ? 0 : std::prev(after)->count;
    }

    void push(std::uint64_t count, Symbol left, Symbol right) {
        if (count >= kFewest) {
            candidates_.push({count, left, right});
        }
    }

    void push_fresh() {
        for (const auto& [left, right] : fresh_) {
            if (const auto found = pairs_.find(key(left, right)); found != pairs_.end()) {
                push(found->second.count, left, right);
            }
        }
        fresh_.clear();
    }

    // Neighbours of which one is a separator are no pair.
    void add(Symbol left, Symbol right, std::uint64_t count, std::uint32_t at) {
        if (left == 0 || right == 0) {
            return;
        }
        Pair& pair = pairs_[key(left, right)];
        if (pair.places.empty()) {
            fresh_.emplace_back(left, right);
        }
        pair.count += count;
        pair.places.push_back(at);
    }

    void remove(Symbol left, Symbol right, std::uint64_t count) {
        if (left == 0 || right == 0) {
            return;
        }
        const auto found = pairs_.find(key(left, right));
        BITLAW_ASSERT(found != pairs_.end() && found->second.count >= count);
        found->second.count -= count;
        if (found->second.count == 0) {
            pairs_.erase(found);
        }
    }

    void join(Symbol left, Symbol right, Bytes joined) {
        const auto symbol = static_cast<Symbol>(tokens_.size());
        const std::uint32_t first = lengths_[left];
        const std::uint32_t both = first + lengths_[right];
        tokens_.push_back(std::move(joined));
        lengths_.push_back(both);
        merges_.push_back({left, right});
        const std::vector<std::uint32_t> places = std::move(pairs_.at(key(left, right)).places);
        for (const std::uint32_t at : places) {
            if (text_[at] != left || text_[at + first] != right) {
                continue;
            }
            const std::uint64_t count = weight(at);
            const Symbol before = text_[at - 1];
            const Symbol behind = text_[at + both];
            remove(left, right, count);
            remove(before, left, count);
            remove(right, behind, count);
            text_[at + first - 1] = text_[at + first] = kInside;
            text_[at] = text_[at + both - 1] = symbol;
            if (before != 0) {
                add(before, symbol, count, at - lengths_[before]);
            }
            add(symbol, behind, count, at);
        }
        BITLAW_ASSERT(!pairs_.contains(key(left, right)));
        push_fresh();
    }

    std::size_t size_;
    std::vector<Bytes> tokens_;           // [symbols]
    std::vector<std::uint32_t> lengths_;  // [symbols] bytes; of a separator 1
    std::vector<Merge> merges_;
    std::unordered_set<std::string> spelt_;  // by joined pairs
    std::vector<Symbol> text_;               // [bytes and separators]
    std::vector<Weight> weights_;            // by places
    std::unordered_map<std::uint64_t, Pair> pairs_;
    std::vector<std::pair<Symbol, Symbol>> fresh_;  // pairs that were not there before
    std::priority_queue<Candidate> candidates_;
};

}  // namespace

void PieceCounts::add(ByteSpan text, const std::function<void(std::uint64_t)>& watch) {
    constexpr std::uint64_t kWatched = std::uint64_t{1} << 20;
    std::uint64_t next = kWatched;
    for (std::size_t first = 0; first < text.size(); first += kEncodedBlock) {
        const ByteSpan block = text.subspan(first, std::min(kEncodedBlock, text.size() - first));
        for (std::size_t begin = 0; begin < block.size();) {
            const std::size_t end = piece_end(block, begin, cut_);
            const auto [piece, is_new] = counts_.try_emplace(view(block.subspan(begin, end - begin)), 0);
            ++piece->second;
            memory_ += is_new ? kPieceMemory + kByteMemory * (end - begin) : 0;
            if (memory_ > kMostMemory) {
                fail("the data have more than ", counts_.size(),
                     " different pieces, which take too much memory to count; give fewer of them, such as "
                     "FILE@0:50M");
            }
            begin = end;
        }
        if (watch && first + block.size() >= next) {
            watch(first + block.size());
            next += kWatched;
        }
    }
}

Vocabulary joined_vocabulary(const PieceCounts& pieces, std::uint32_t size,
                             const std::function<void(std::uint32_t)>& watch) {
    BITLAW_ASSERT(size >= kByteSymbols && size <= kMaxVocabulary);
    return PairMerger(pieces, size).run(pieces.cut(), watch);
}

void note_bytes(ByteSpan text, std::array<bool, 256>& occurs) {
    for (const std::uint8_t byte : text) {
        occurs[byte] = true;
    }
}

Vocabulary byte_vocabulary(const std::array<bool, 256>& occurs) {
    std::vector<Bytes> tokens(2);
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (occurs[byte]) {
            tokens.push_back({static_cast<std::uint8_t>(byte)});
        }
    }
    if (tokens.size() == 2) {
        fail("no byte occurs in the data, so there is nothing to make an alphabet of");
    }
    return {tokens, TextCut::none, false, {}, {}};
}

}  // namespace bitlaw::symbols
