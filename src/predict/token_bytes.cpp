#include "bitlaw/predict/token_bytes.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/scorer.hpp"

namespace bitlaw::predict {

using namespace model;
using namespace symbols;

namespace {

constexpr std::uint64_t kWhole = std::uint64_t{1} << 32;  // shares of all readings together, about
constexpr unsigned kRatioBits = 22;                       // of a ratio of masses, which are below 2^41
constexpr std::uint64_t kSmallest = kWhole >> 12;
constexpr std::size_t kMaxReadings = 8;

// All tokens as a tree of their bytes; node 0 is empty.
class TokenTree {
   public:
    struct Node {
        std::vector<std::pair<std::uint8_t, std::uint32_t>> children;  // byte and node, ascending
        std::uint32_t first = 0;  // tokens below, in the tree's order ...
        std::uint32_t ends = 0;   // ... of which those first .. ends-1 are its own bytes ...
        std::uint32_t last = 0;   // ... and all to last-1
        Symbol symbol = 0;        // that is written for its bytes, if it has some of its own
    };

    explicit TokenTree(const Vocabulary& vocabulary) : order_(vocabulary.size()), nodes_(1) {
        std::iota(order_.begin(), order_.end(), Symbol{0});
        std::erase_if(order_, [&](Symbol symbol) { return vocabulary.bytes(symbol).empty(); });
        const auto text = [&](Symbol symbol) {
            const ByteSpan bytes = vocabulary.bytes(symbol);
            return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        };
        std::stable_sort(order_.begin(), order_.end(), [&](Symbol a, Symbol b) { return text(a) < text(b); });
        for (std::uint32_t place = 0; place < order_.size(); ++place) {
            std::uint32_t at = 0;
            nodes_[0].last = place + 1;
            for (const std::uint8_t byte : vocabulary.bytes(order_[place])) {
                std::vector<std::pair<std::uint8_t, std::uint32_t>>& children = nodes_[at].children;
                if (children.empty() || children.back().first != byte) {
                    const auto made = static_cast<std::uint32_t>(nodes_.size());
                    children.emplace_back(byte, made);
                    nodes_.push_back({{}, place, place, place, 0});
                    at = made;
                } else {
                    at = children.back().second;
                }
                nodes_[at].last = place + 1;
            }
            nodes_[at].ends = place + 1;
            nodes_[at].symbol = order_[place];
        }
    }
    [[nodiscard]] const Node& node(std::uint32_t index) const { return nodes_[index]; }
    [[nodiscard]] std::span<const Symbol> order() const { return order_; }
    // The node behind a byte; 0 where there is none.
    [[nodiscard]] std::uint32_t behind(std::uint32_t index, std::uint8_t byte) const {
        for (const auto& [child_byte, child] : nodes_[index].children) {
            if (child_byte == byte) {
                return child;
            }
        }
        return 0;
    }

   private:
    std::vector<Symbol> order_;  // all tokens with bytes, by their bytes
    std::vector<Node> nodes_;
};

// One way in which a text may be cut.
struct Reading {
    std::vector<Symbol> tokens;  // complete ones behind the trunk
    std::vector<std::uint64_t>
        below;               // [tokens + 1] sums of the next token's frequencies, in the tree's order
    std::uint32_t node = 0;  // of the bytes of the next token
    bool has_ended = false;  // its own bytes are a token, which is another reading now
    std::uint64_t share = kWhole;

    [[nodiscard]] std::uint64_t mass(const TokenTree::Node& n, bool whole) const {
        return below[n.last] - below[whole ? n.first : n.ends];
    }
};

std::uint64_t ratio(std::uint64_t part, std::uint64_t all) {
    return part == 0 ? 0 : std::max<std::uint64_t>(1, (part << kRatioBits) / all);
}

}  // namespace

struct TokenBytes::State {
    struct Stream {
        explicit Stream(const PackedModel& model) : scorer(model, Scorer::kByCaller) {}
        Scorer scorer;  // stands behind the trunk: the tokens that all readings share
        std::vector<Reading> readings;
        std::vector<Symbol> unscored;  // of the trunk, not given to the scorer yet
        std::uint64_t trunk = 0;       // tokens of it since the context began
        std::size_t open_bytes = 0;    // since all readings agreed
    };

    State(const PackedModel& packed, std::uint64_t reset)
        : model(packed),
          reset_every(reset),
          tokenizer(packed.model().vocabulary),
          tree(tokenizer.vocabulary()) {}

    // Sums of the frequencies of the token behind trunk and `tokens`.
    [[nodiscard]] std::vector<std::uint64_t> masses(Stream& stream, const std::vector<Symbol>& tokens) const {
        const std::size_t alphabet = model.config().alphabet;
        if (!stream.unscored.empty()) {
            (void)stream.scorer.score(stream.unscored);
            stream.unscored.clear();
        }
        // The scorer gives the logits of known symbols, each from those before it: any one stands for the
        // next.
        std::vector<Symbol> known = tokens;
        known.push_back(kStartSymbol);
        stream.scorer.mark();
        const float* logits = stream.scorer.score(known) + tokens.size() * alphabet;
        std::vector<std::uint32_t> frequency(alphabet);
        frequencies_of({logits, alphabet}, frequency);
        stream.scorer.rewind();
        std::vector<std::uint64_t> below{0};
        for (const Symbol symbol : tree.order()) {
            below.push_back(below.back() + frequency[symbol]);
        }
        return below;
    }

    void begin(Stream& stream) const {
        stream.scorer.restart();
        stream.unscored.clear();
        stream.trunk = 0;
        stream.open_bytes = 0;
        stream.readings.assign(1, Reading{});
        stream.readings.front().below = masses(stream, {});
        if (tokenizer.vocabulary().leading_space()) {
            accept(stream, ' ');
        }
    }

    void predict(const Stream& stream, std::span<std::uint32_t> frequency) const {
        std::array<std::uint64_t, 256> sum{};
        for (const Reading& reading : stream.readings) {
            const TokenTree::Node& node = tree.node(reading.node);
            const std::uint64_t all = reading.mass(node, !reading.has_ended);
            for (const auto& [byte, child] : node.children) {
                sum[byte] += reading.share * ratio(reading.mass(tree.node(child), true), all);
            }
        }
        constexpr unsigned kShift = 32 + kRatioBits - 23;  // shares exceed the whole by roundings only
        for (std::size_t byte = 0; byte < 256; ++byte) {
            frequency[byte] = 1 + static_cast<std::uint32_t>(
                                      std::min<std::uint64_t>(sum[byte] >> kShift, kMaxFrequency - 1));
        }
    }

    void accept(Stream& stream, std::uint8_t byte) const {
        ++stream.open_bytes;
        Reading ended;  // all readings whose token ends here, joined
        std::uint64_t ended_share = 0;
        std::uint64_t greatest = 0;
        std::vector<Reading> next;
        for (Reading& reading : stream.readings) {
            const std::uint64_t all = reading.mass(tree.node(reading.node), !reading.has_ended);
            const std::uint32_t child = tree.behind(reading.node, byte);
            if (child == 0) {
                continue;
            }
            const TokenTree::Node& node = tree.node(child);
            const std::uint64_t mass = reading.mass(node, true);
            std::uint64_t share = reading.share * ratio(mass, all) >> kRatioBits;
            if (node.ends > node.first) {
                const std::uint64_t own =
                    share * ratio(reading.below[node.ends] - reading.below[node.first], mass) >> kRatioBits;
                ended_share += own;
                if (own > greatest || ended.tokens.empty()) {
                    greatest = own;
                    ended.tokens = reading.tokens;
                    ended.tokens.push_back(node.symbol);
                }
                share -= std::min(share, own);
            }
            if (!node.children.empty()) {
                reading.node = child;
                reading.has_ended = node.ends > node.first;
                reading.share = share;
                next.push_back(std::move(reading));
            }
        }
        keep(stream, byte, std::move(next), std::move(ended), ended_share);
    }

    // The readings from now on, with shares that add up to the whole.
    void keep(Stream& stream, std::uint8_t byte, std::vector<Reading> next, Reading ended,
              std::uint64_t ended_share) const {
        std::uint64_t total = ended_share;
        for (const Reading& reading : next) {
            total += reading.share;
        }
        if (total == 0) {
            begin_anew(stream, byte);
            return;
        }
        const auto scaled = [&](std::uint64_t share) { return (share << 31) / total * 2; };  // share <= 2^32
        ended.share = ended_share;
        const bool has_ended = !ended.tokens.empty() && (scaled(ended_share) >= kSmallest || next.empty());
        if (has_ended) {
            next.push_back(std::move(ended));
        }
        std::stable_sort(next.begin(), next.end(),
                         [](const Reading& a, const Reading& b) { return a.share > b.share; });
        while (next.size() > 1 && (next.size() > kMaxReadings || scaled(next.back().share) < kSmallest)) {
            next.pop_back();
        }
        total = 0;
        for (const Reading& reading : next) {
            total += reading.share;
        }
        for (Reading& reading : next) {
            reading.share = std::max<std::uint64_t>(1, scaled(reading.share));
            if (reading.below.empty()) {
                reading.below = masses(stream, reading.tokens);
            }
        }
        stream.readings = std::move(next);
        grow_trunk(stream);
    }

    // Tokens that all readings share go into the trunk.
    void grow_trunk(Stream& stream) const {
        std::size_t shared = 0;
        const std::vector<Symbol>& first = stream.readings.front().tokens;
        const auto all_have = [&](std::size_t place) {
            return std::all_of(stream.readings.begin(), stream.readings.end(), [&](const Reading& reading) {
                return place < reading.tokens.size() && reading.tokens[place] == first[place];
            });
        };
        while (shared < first.size() && all_have(shared)) {
            ++shared;
        }
        stream.unscored.insert(stream.unscored.end(), first.begin(),
                               first.begin() + static_cast<std::ptrdiff_t>(shared));
        stream.trunk += shared;
        std::size_t longest = 0;
        for (Reading& reading : stream.readings) {
            reading.tokens.erase(reading.tokens.begin(),
                                 reading.tokens.begin() + static_cast<std::ptrdiff_t>(shared));
            longest = std::max(longest, reading.tokens.size());
        }
        if (longest == 0 && stream.readings.front().node == 0) {
            stream.open_bytes = 0;
        } else if (stream.open_bytes > kMaxOpen) {
            collapse(stream);
        }
        if (reset_every != 0 && stream.trunk >= reset_every) {
            begin_context(stream);
        }
    }

    // A new context behind the trunk: readings keep what they have of their own.
    void begin_context(Stream& stream) const {
        stream.scorer.restart();
        stream.unscored.clear();
        stream.trunk = 0;
        for (Reading& reading : stream.readings) {
            reading.below = masses(stream, reading.tokens);
        }
    }

    // A byte that no reading goes on with: the tokens of the likeliest one, then this byte by itself.
    void begin_anew(Stream& stream, std::uint8_t byte) const {
        const std::vector<Symbol>& tokens = stream.readings.front().tokens;
        const std::vector<Symbol> own = tokenizer.encode({&byte, 1});
        stream.unscored.insert(stream.unscored.end(), tokens.begin(), tokens.end());
        stream.unscored.insert(stream.unscored.end(), own.begin(), own.end());
        stream.trunk += tokens.size() + own.size();
        stream.open_bytes = 0;
        stream.readings.assign(1, Reading{});
        stream.readings.front().below = masses(stream, {});
    }

    // Readings that do not come together: the likeliest one alone.
    void collapse(Stream& stream) const {
        stream.readings.resize(1);
        stream.open_bytes = 0;
        grow_trunk(stream);
    }

    static constexpr std::size_t kMaxOpen = 64;
    const PackedModel& model;
    std::uint64_t reset_every;
    Tokenizer tokenizer;
    TokenTree tree;
    std::vector<Stream> streams;
    std::vector<std::uint32_t> tables;  // [S, n, 256] of a piece
};

TokenBytes::TokenBytes(const PackedModel& model, std::uint64_t reset_every) {
    BITLAW_ASSERT(model.model().vocabulary != nullptr);
    state_ = std::make_unique<State>(model, reset_every);
}
TokenBytes::~TokenBytes() = default;

void TokenBytes::begin_streams() {
    State& s = *state_;
    while (s.streams.size() > streams()) {
        s.streams.pop_back();
    }
    while (s.streams.size() < streams()) {
        s.streams.emplace_back(s.model);
    }
    parallel_for(streams(), [&](std::size_t stream) { s.begin(s.streams[stream]); });
}

void TokenBytes::row(std::size_t stream, std::span<std::uint32_t> frequency) {
    state_->predict(state_->streams[stream], frequency);
}

void TokenBytes::accept_row(std::span<const Symbol> symbols) {
    State& s = *state_;
    parallel_for(streams(), [&](std::size_t stream) {
        if (running(stream)) {
            s.accept(s.streams[stream], static_cast<std::uint8_t>(symbols[stream]));
        }
    });
}

void TokenBytes::visit_rows(std::span<const Symbol> symbols, std::size_t n, const Visit& visit) {
    State& s = *state_;
    constexpr std::size_t kPiece = 64;
    for (std::size_t from = 0; from < n; from += kPiece) {
        const std::size_t to = std::min(n, from + kPiece);
        s.tables.resize(streams() * kPiece * 256);
        const auto table = [&](std::size_t stream, std::size_t i) {
            return std::span(s.tables).subspan((stream * kPiece + i - from) * 256, 256);
        };
        parallel_for(streams(), [&](std::size_t stream) {
            for (std::size_t i = from; i < to && running(stream, i); ++i) {
                s.predict(s.streams[stream], table(stream, i));
                s.accept(s.streams[stream], static_cast<std::uint8_t>(symbols[stream * n + i]));
            }
        });
        for (std::size_t i = from; i < to; ++i) {
            for (std::size_t stream = 0; stream < streams(); ++stream) {
                if (running(stream, i)) {
                    visit(stream, table(stream, i), symbols[stream * n + i]);
                }
            }
        }
    }
}

PredictorMaker token_bytes_predictors(const PackedModel& model, std::uint64_t reset_every) {
    check_context_memory(model.config());
    return {.make = [&model, reset_every] { return std::make_unique<TokenBytes>(model, reset_every); },
            .alphabet = 256};
}

}  // namespace bitlaw::predict
