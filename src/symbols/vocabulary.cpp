#include "bitlaw/symbols/vocabulary.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "bitlaw/base/error.hpp"

namespace bitlaw::symbols {
namespace {

constexpr std::uint8_t kLeadingSpace = 1;  // flags
constexpr std::uint8_t kHasRanks = 2;
constexpr std::uint8_t kHasMerges = 4;
constexpr std::uint8_t kIsJoined = 8;

constexpr std::uint64_t kMostMerges = 8 * std::uint64_t{kMaxVocabulary};
constexpr std::size_t kJoinedFrom = 257;  // symbols of a joined vocabulary before the first merge's

std::string_view view(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Symbol 0 and the 256 bytes.
std::vector<Bytes> byte_tokens() {
    std::vector<Bytes> tokens(1);
    for (unsigned byte = 0; byte < 256; ++byte) {
        tokens.push_back({static_cast<std::uint8_t>(byte)});
    }
    return tokens;
}

// Adds what the merge joins. Throws Error when it joins what is not there, or to too much.
void add_joined(const Merge& merge, std::vector<Bytes>& tokens, std::size_t& size) {
    if (merge.left == 0 || merge.right == 0 || merge.left >= tokens.size() || merge.right >= tokens.size()) {
        fail("a merge joins the symbols ", merge.left, " and ", merge.right,
             ", which are no tokens before it");
    }
    Bytes joined = tokens[merge.left];
    joined.insert(joined.end(), tokens[merge.right].begin(), tokens[merge.right].end());
    size += joined.size();
    if (joined.size() > kMaxTokenBytes || size > kMaxVocabularyBytes) {
        fail("token ", tokens.size(), " has ", joined.size(), " bytes, and a token has at most ",
             kMaxTokenBytes, ", all together ", kMaxVocabularyBytes);
    }
    tokens.push_back(std::move(joined));
}

}  // namespace

const char* text_cut_name(TextCut cut) {
    switch (cut) {
        case TextCut::none: return "none";
        case TextCut::words: return "words";
        case TextCut::digits: return "digits";
        case TextCut::triples: return "triples";
        default: fail("a cut of number ", static_cast<unsigned>(cut), " is not known");
    }
}

Vocabulary::Vocabulary(const std::vector<Bytes>& tokens, TextCut cut, bool leading_space,
                       std::vector<std::uint32_t> ranks, std::vector<Merge> merges)
    : cut_(cut), leading_space_(leading_space), ranks_(std::move(ranks)), merges_(std::move(merges)) {
    if (tokens.size() < 2 || tokens.size() > kMaxVocabulary) {
        fail("it has ", tokens.size(), " tokens, and 2 to ", kMaxVocabulary, " are possible");
    }
    for (const Bytes& token : tokens) {
        if (token.size() > kMaxTokenBytes || bytes_.size() + token.size() > kMaxVocabularyBytes) {
            fail("token ", ends_.size(), " has ", token.size(), " bytes, and a token has at most ",
                 kMaxTokenBytes, ", all together ", kMaxVocabularyBytes);
        }
        bytes_.insert(bytes_.end(), token.begin(), token.end());
        ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
        if (escape_ == 0 && ends_.size() > 1 && token.empty()) {
            escape_ = static_cast<Symbol>(ends_.size() - 1);
        }
    }
    if (!tokens.front().empty()) {
        fail("symbol 0 is the start of a context, and here it has ", tokens.front().size(), " bytes");
    }
    if (!ranks_.empty() && ranks_.size() != tokens.size()) {
        fail(ranks_.size(), " ranks are given for ", tokens.size(), " tokens");
    }
    if (!merges_.empty() && !ranks_.empty()) {
        fail("it has merges and ranks; one of the two says how tokens are joined");
    }
    std::unordered_set<std::string_view> known;
    if (!merges_.empty()) {
        for (Symbol symbol = 0; symbol < size(); ++symbol) {
            known.insert(view(bytes(symbol)));
        }
    }
    for (const Merge& merge : merges_) {
        if (merge.left >= size() || merge.right >= size() || bytes(merge.left).empty() ||
            bytes(merge.right).empty()) {
            fail("a merge joins the symbols ", merge.left, " and ", merge.right, ", which are no tokens");
        }
        const std::string joined =
            std::string(view(bytes(merge.left))) + std::string(view(bytes(merge.right)));
        if (!known.contains(joined)) {
            fail("the symbols ", merge.left, " and ", merge.right, " join to no token");
        }
    }
}

bool Vocabulary::is_joined() const {
    if (merges_.empty() || size() != kJoinedFrom + merges_.size()) {
        return false;
    }
    for (Symbol symbol = 1; symbol < size(); ++symbol) {
        const ByteSpan token = bytes(symbol);
        if (symbol < kJoinedFrom) {
            if (token.size() != 1 || token.front() != symbol - 1) {
                return false;
            }
            continue;
        }
        const Merge& merge = merges_[symbol - kJoinedFrom];
        if (merge.left >= symbol || merge.right >= symbol ||
            token.size() != bytes(merge.left).size() + bytes(merge.right).size() ||
            !std::equal(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(bytes(merge.left).size()),
                        bytes(merge.left).begin()) ||
            !std::equal(bytes(merge.right).begin(), bytes(merge.right).end(),
                        token.begin() + static_cast<std::ptrdiff_t>(bytes(merge.left).size()))) {
            return false;
        }
    }
    return true;
}

Bytes Vocabulary::encode() const {
    ByteWriter writer;
    if (is_joined()) {
        writer.u8(static_cast<std::uint8_t>(cut_));
        writer.u8((leading_space_ ? kLeadingSpace : 0) | kIsJoined);
        writer.varint(merges_.size());
        for (const Merge& merge : merges_) {
            writer.varint(merge.left);
            writer.varint(merge.right);
        }
        return writer.take();
    }
    writer.u8(static_cast<std::uint8_t>(cut_));
    writer.u8((leading_space_ ? kLeadingSpace : 0) | (ranks_.empty() ? 0 : kHasRanks) |
              (merges_.empty() ? 0 : kHasMerges));
    writer.varint(size());
    for (Symbol symbol = 0; symbol < size(); ++symbol) {
        writer.varint(bytes(symbol).size());
    }
    writer.bytes(bytes_);
    for (const std::uint32_t rank : ranks_) {
        writer.varint(rank);
    }
    if (!merges_.empty()) {
        writer.varint(merges_.size());
    }
    for (const Merge& merge : merges_) {
        writer.varint(merge.left);
        writer.varint(merge.right);
    }
    return writer.take();
}

Vocabulary Vocabulary::decode(ByteSpan bytes, const std::string& name) {
    ByteReader reader(bytes, name);
    const auto number = [&](const char* what, std::uint64_t most) {
        const std::uint64_t value = reader.varint();
        if (value > most) {
            fail(name, " is damaged: ", what, " is ", value, ", and at most ", most, " is possible");
        }
        return static_cast<std::uint32_t>(value);
    };
    const std::uint8_t cut = reader.u8();
    const std::uint8_t flags = reader.u8();
    if (cut > static_cast<std::uint8_t>(TextCut::triples) ||
        (flags > (kLeadingSpace | kHasRanks | kHasMerges) && (flags & ~kLeadingSpace) != kIsJoined)) {
        fail(name, " is damaged: its cut is ", int{cut}, ", its flags are ", int{flags});
    }
    const bool joined = (flags & kIsJoined) != 0;
    std::vector<Bytes> tokens;
    std::vector<std::uint32_t> ranks;
    std::vector<std::size_t> lengths;  // they and the tokens grow with what is there
    for (std::uint32_t left = joined ? 0 : number("the number of tokens", kMaxVocabulary); left > 0; --left) {
        lengths.push_back(number("a token's length", kMaxTokenBytes));
    }
    for (const std::size_t length : lengths) {
        const ByteSpan token = reader.bytes(length);
        tokens.emplace_back(token.begin(), token.end());
    }
    for (std::size_t i = 0; (flags & kHasRanks) != 0 && i < tokens.size(); ++i) {
        ranks.push_back(number("a rank", UINT32_MAX));
    }
    std::vector<Merge> merges;
    if ((flags & (kHasMerges | kIsJoined)) != 0) {
        std::uint32_t left =
            number("the number of merges", joined ? kMaxVocabulary - kJoinedFrom : kMostMerges);
        if (left == 0) {
            fail(name, " is damaged: it says that it has merges, and has none");
        }
        for (; left > 0; --left) {
            const Symbol first = number("a symbol", kMaxVocabulary);
            merges.push_back({first, number("a symbol", kMaxVocabulary)});
        }
    }
    if (reader.remaining() != 0) {
        fail(name, " is damaged: ", reader.remaining(), " bytes follow its end");
    }
    try {
        if (joined) {
            tokens = byte_tokens();
            std::size_t size = 256;
            for (const Merge& merge : merges) {
                add_joined(merge, tokens, size);
            }
        }
        return {tokens, static_cast<TextCut>(cut), (flags & kLeadingSpace) != 0, std::move(ranks),
                std::move(merges)};
    } catch (const Error& error) {
        fail(name, " is damaged: ", error.what());
    }
}

}  // namespace bitlaw::symbols
