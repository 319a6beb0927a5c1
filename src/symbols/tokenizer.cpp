#include "bitlaw/symbols/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"

namespace bitlaw::symbols {
namespace {

// Text that is cut nowhere is cut before a space all the same, so that memory stays bounded.
constexpr std::size_t kMostPiece = 16'384;

constexpr std::uint32_t kNone = ~std::uint32_t{0};

std::string_view view(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Bytes of the UTF-8 character that begins with this byte, by its first bits alone.
std::size_t character_bytes(std::uint8_t first) {
    return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// A piece of text on its way to a token; pieces of one text form a list.
struct Piece {
    std::uint32_t begin;
    std::uint32_t end;  // begin: it was joined to the one before it
    std::uint32_t before;
    std::uint32_t behind;
    Symbol symbol;
};

// Two neighbours that can be joined, as they were when they were found.
struct Joint {
    std::uint32_t rank;
    std::uint32_t left;
    std::uint32_t right;
    std::uint32_t end;
    Symbol symbol;
    bool operator<(const Joint& other) const {  // the smallest rank first, then the leftmost
        return std::pair(rank, left) > std::pair(other.rank, other.left);
    }
};

struct Joined {
    std::uint32_t rank = kNone;
    Symbol symbol = 0;
};

}  // namespace

struct Tokenizer::Tables {
    std::unordered_map<std::string_view, Symbol> symbols;  // of all bytes; of equal ones the last
    std::unordered_map<std::uint64_t, Joined> merges;      // by left << 32 | right
    std::array<Symbol, 256> byte;                          // the escape where there is none
    bool has_longer = false;                               // tokens of more than a byte
};

Tokenizer::Tokenizer(std::shared_ptr<const Vocabulary> vocabulary) : vocabulary_(std::move(vocabulary)) {
    auto tables = std::make_unique<Tables>();
    const Vocabulary& v = *vocabulary_;
    tables->byte.fill(v.escape());
    for (Symbol symbol = 0; symbol < v.size(); ++symbol) {
        if (const ByteSpan bytes = v.bytes(symbol); !bytes.empty()) {
            tables->symbols[view(bytes)] = symbol;
            tables->has_longer = tables->has_longer || bytes.size() > 1;
            if (bytes.size() == 1) {
                tables->byte[bytes.front()] = symbol;
            }
        }
    }
    std::uint32_t rank = 0;
    for (const Merge& merge : v.merges()) {
        const std::string joined =
            std::string(view(v.bytes(merge.left))) + std::string(view(v.bytes(merge.right)));
        tables->merges.try_emplace(std::uint64_t{merge.left} << 32 | merge.right,
                                   Joined{rank++, tables->symbols.at(joined)});
    }
    tables_ = std::move(tables);
}
Tokenizer::~Tokenizer() = default;

Bytes Tokenizer::with_space(ByteSpan text) const {
    const std::size_t spaces = vocabulary_->leading_space() ? 1 : 0;
    Bytes given(spaces + text.size(), ' ');
    std::copy(text.begin(), text.end(), given.begin() + static_cast<std::ptrdiff_t>(spaces));
    return given;
}

std::vector<Symbol> Tokenizer::encode(ByteSpan text) const {
    std::vector<Symbol> symbols;
    if (!tables_->has_longer) {
        std::transform(text.begin(), text.end(), std::back_inserter(symbols),
                       [&](std::uint8_t byte) { return tables_->byte[byte]; });
        return symbols;
    }
    symbols.reserve(text.size() / 2);
    // Most pieces of a text have occurred in it before.
    struct Stretch {
        std::size_t begin;
        std::size_t count;
    };
    constexpr std::size_t kMostKnown = 64;  // bytes
    std::unordered_map<std::string_view, Stretch> known;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = piece_end(text, begin, vocabulary_->cut());
        const ByteSpan piece = text.subspan(begin, end - begin);
        begin = end;
        if (piece.size() > kMostKnown) {
            join(piece, symbols);
            continue;
        }
        const auto [found, is_new] = known.try_emplace(view(piece), Stretch{symbols.size(), 0});
        if (is_new) {
            join(piece, symbols);
            found->second.count = symbols.size() - found->second.begin;
            continue;
        }
        for (std::size_t i = 0; i < found->second.count; ++i) {
            const Symbol symbol = symbols[found->second.begin + i];
            symbols.push_back(symbol);
        }
    }
    return symbols;
}

std::vector<Symbol> encode_blocks(const Tokenizer& tokenizer, ByteSpan data) {
    std::vector<std::vector<Symbol>> blocks((data.size() + kEncodedBlock - 1) / kEncodedBlock);
    parallel_for(blocks.size(), [&](std::size_t block) {
        const std::size_t begin = block * kEncodedBlock;
        blocks[block] = tokenizer.encode(data.subspan(begin, std::min(kEncodedBlock, data.size() - begin)));
    });
    std::size_t count = 0;
    for (const std::vector<Symbol>& block : blocks) {
        count += block.size();
    }
    std::vector<Symbol> symbols;
    symbols.reserve(count);
    for (std::vector<Symbol>& block : blocks) {
        symbols.insert(symbols.end(), block.begin(), block.end());
        block = {};
    }
    return symbols;
}

// Characters, or bytes where there are merges, joined in pairs until no pair joins.
void Tokenizer::join(ByteSpan text, std::vector<Symbol>& out) const {
    const Vocabulary& v = *vocabulary_;
    const Tables& t = *tables_;
    const bool listed = !v.merges().empty();
    if (const auto whole = t.symbols.find(view(text)); whole != t.symbols.end() && v.cut() != TextCut::none) {
        out.push_back(whole->second);  // a whole word that is a token is always reached
        return;
    }
    std::vector<Piece> pieces;
    for (std::uint32_t at = 0; at < text.size();) {
        std::size_t length = listed ? 1 : std::min(character_bytes(text[at]), text.size() - at);
        Symbol symbol = t.byte[text[at]];
        if (length > 1) {
            const auto found = t.symbols.find(view(text.subspan(at, length)));
            length = found == t.symbols.end() ? 1 : length;
            symbol = found == t.symbols.end() ? symbol : found->second;
        }
        const auto number = static_cast<std::uint32_t>(pieces.size());
        const auto end = static_cast<std::uint32_t>(at + length);
        pieces.push_back({at, end, number - 1, number + 1, symbol});  // before the first: kNone
        at = end;
    }
    pieces.back().behind = kNone;
    std::priority_queue<Joint> joints;
    const auto look = [&](std::uint32_t left, std::uint32_t right) {
        if (left == kNone || right == kNone) {
            return;
        }
        Joined joined;
        if (listed) {
            const auto found = t.merges.find(std::uint64_t{pieces[left].symbol} << 32 | pieces[right].symbol);
            joined = found == t.merges.end() ? joined : found->second;
        } else {
            const std::size_t length = pieces[right].end - pieces[left].begin;
            const auto found = t.symbols.find(view(text.subspan(pieces[left].begin, length)));
            if (found != t.symbols.end()) {
                joined = {v.ranks().empty() ? found->second : v.ranks()[found->second], found->second};
            }
        }
        if (joined.rank != kNone) {
            joints.push({joined.rank, left, right, pieces[right].end, joined.symbol});
        }
    };
    for (std::uint32_t i = 0; i + 1 < pieces.size(); ++i) {
        look(i, i + 1);
    }
    while (!joints.empty()) {
        const Joint joint = joints.top();
        joints.pop();
        Piece& left = pieces[joint.left];
        Piece& right = pieces[joint.right];
        // Either may have been joined to another one since.
        if (left.begin == left.end || left.behind != joint.right || right.begin == right.end ||
            right.end != joint.end || left.end != right.begin) {
            continue;
        }
        left.end = right.end;
        left.symbol = joint.symbol;
        left.behind = right.behind;
        right.end = right.begin;
        if (left.behind != kNone) {
            pieces[left.behind].before = joint.left;
        }
        look(left.before, joint.left);
        look(joint.left, left.behind);
    }
    for (std::uint32_t i = 0; i != kNone; i = pieces[i].behind) {
        out.push_back(pieces[i].symbol);
    }
}

// ---- pieces of text
// -------------------------------------------------------------------------------------------------------

namespace {

bool is_letter(std::uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 128; }
bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }
bool is_space(std::uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }
bool is_line_end(std::uint8_t c) { return c == '\n' || c == '\r'; }
bool is_sign(std::uint8_t c) { return !is_letter(c) && !is_digit(c) && !is_space(c); }

template <class Is>
std::size_t run_end(ByteSpan text, std::size_t at, const Is& is, std::size_t most = ~std::size_t{0}) {
    const std::size_t begin = at;
    while (at < text.size() && at - begin < most && is(text[at])) {
        ++at;
    }
    return at;
}

// The end of 's, 't, 're, 've, 'm, 'll or 'd; begin where there is none.
std::size_t contraction_end(ByteSpan text, std::size_t begin) {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
        if (view(text.subspan(begin, std::min(ending.size(), text.size() - begin))) == ending) {
            return begin + ending.size();
        }
    }
    return begin;
}

// Blanks, of which the last one is left to the word behind them.
std::size_t blank_end(ByteSpan text, std::size_t begin) {
    const std::size_t end = run_end(text, begin, is_space);
    return end < text.size() && end - begin > 1 ? end - 1 : end;
}

}  // namespace

std::size_t piece_end(ByteSpan text, std::size_t begin, TextCut cut) {
    if (cut == TextCut::none) {
        const std::size_t most = std::min(begin + kMostPiece, text.size());
        std::size_t end = most;
        while (most < text.size() && end > begin + 1 && text[end] != ' ') {
            --end;
        }
        return end > begin + 1 ? end : most;
    }
    if (const std::size_t end = contraction_end(text, begin); end != begin) {
        return end;
    }
    const bool triples = cut == TextCut::triples;
    const bool spaced = text[begin] == ' ' && begin + 1 < text.size() && !is_space(text[begin + 1]);
    std::size_t at = begin + (spaced ? 1 : 0);
    const std::uint8_t c = text[at];
    const bool led = triples && is_sign(c) && at + 1 < text.size() && is_letter(text[at + 1]) && !spaced;
    if (is_letter(c) || led) {
        return run_end(text, at + (led ? 1 : 0), is_letter);
    }
    if (is_digit(c)) {
        if (triples && spaced) {
            return at;  // the space alone
        }
        return run_end(text, at, is_digit, triples ? 3 : cut == TextCut::digits ? 1 : ~std::size_t{0});
    }
    if (is_sign(c)) {
        at = run_end(text, at, is_sign);
        return triples ? run_end(text, at, is_line_end) : at;
    }
    if (triples) {
        const std::size_t end = run_end(text, begin, is_space);
        for (std::size_t last = end; last > begin; --last) {
            if (is_line_end(text[last - 1])) {
                return last;
            }
        }
    }
    return blank_end(text, begin);
}

}  // namespace bitlaw::symbols
