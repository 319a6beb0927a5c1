#include "bitlaw/train/corpus.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/mapped_pages.hpp"
#include "bitlaw/base/size.hpp"
#include "bitlaw/symbols/alphabet.hpp"

namespace bitlaw::train {

using namespace symbols;

namespace {

std::uint64_t parse_bound(const std::string& word, const std::string& range) {
    try {
        return parse_size(word);
    } catch (const UsageError& error) {
        fail_usage("the range of '", range, "': ", error.what());
    }
}

}  // namespace

DataRange parse_range(const std::string& text) {
    std::error_code ignored;
    const std::size_t at = text.rfind('@');
    if (at == std::string::npos || std::filesystem::exists(text, ignored)) {
        return {.path = text};
    }
    const std::string range = text.substr(at + 1);
    const std::size_t colon = range.find(':');
    if (at == 0 || colon == std::string::npos) {
        fail_usage("there is no file '", text, "', and '", range,
                   "' is no range of bytes; write file, or file@begin:end such as text@1M:2M");
    }
    DataRange result{.path = text.substr(0, at)};
    const std::string begin = range.substr(0, colon);
    const std::string end = range.substr(colon + 1);
    if (!begin.empty()) {
        result.begin = parse_bound(begin, text);
    }
    if (!end.empty()) {
        result.end = parse_bound(end, text);
    }
    return result;
}

WeightedRange parse_weighted_range(const std::string& text) {
    std::error_code ignored;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || std::filesystem::exists(text, ignored)) {
        return {.range = text, .weight = {}};
    }
    // The first colon behind the last @ belongs to the range.
    const std::size_t at = text.rfind('@', colon);
    if (at != std::string::npos && text.find(':', at) == colon) {
        return {.range = text, .weight = {}};
    }
    constexpr double kMostWeight = 1e6;
    const char* const end = text.data() + text.size();
    double weight = 0;
    const auto result = std::from_chars(text.data() + colon + 1, end, weight);
    if (result.ec != std::errc{} || result.ptr != end || !(weight > 0.0 && weight <= kMostWeight)) {
        fail_usage("there is no file '", text, "', and '", text.substr(colon + 1),
                   "' is no weight; write file:weight with a number above 0, such as text:0.7");
    }
    return {.range = text.substr(0, colon), .weight = weight};
}

Corpus::Corpus(const std::vector<std::string>& ranges) {
    for (const std::string& text : ranges) {
        const WeightedRange weighted = parse_weighted_range(text);
        if (weighted.weight) {
            weights_.push_back(*weighted.weight);
        }
        const DataRange range = parse_range(weighted.range);
        const ByteSpan whole = files_.emplace_back(range.path).bytes();
        const std::uint64_t end = range.end == DataRange::kToTheEnd ? whole.size() : range.end;
        if (range.begin > end || end > whole.size()) {
            fail_usage("the range of '", text, "' does not lie in the file, which has ", whole.size(),
                       " bytes; write begin and end within them");
        }
        const ByteSpan bytes = whole.subspan(range.begin, end - range.begin);
        bytes_.push_back(bytes);
        sources_.push_back({.name = range.path.filename().string(),
                            .hash = hash_of(bytes_.size() - 1),
                            .begin = range.begin,
                            .bytes = bytes.size()});
    }
    if (!weights_.empty() && weights_.size() != sources_.size()) {
        fail_usage("some of the data have a weight and others none; give each of them one, or none");
    }
    const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) {
        weight /= sum;
    }
}

// hash64 of the range, of which no more than a piece stays in memory when it is large.
std::uint64_t Corpus::hash_of(std::size_t range) const {
    constexpr std::size_t kPiece = std::size_t{32} << 20;
    Hasher hasher;
    expect_order(files_[range], PageOrder::sequential);
    for (std::size_t begin = 0; begin < bytes_[range].size(); begin += kPiece) {
        const ByteSpan piece = bytes_[range].subspan(begin, std::min(kPiece, bytes_[range].size() - begin));
        hasher.update(piece);
        forget(range, piece);
    }
    if (is_large(range)) {
        expect_order(files_[range], PageOrder::random);  // sequences are drawn from anywhere
    }
    return hasher.digest();
}

bool Corpus::is_large(std::size_t range) const {
    // What is smaller is read again and again, and fits beside everything else.
    constexpr std::size_t kLarge = std::size_t{512} << 20;
    return bytes_[range].size() >= kLarge;
}

void Corpus::forget(std::size_t range, ByteSpan part) const {
    if (is_large(range)) {
        forget_pages(files_[range], part);
    }
}

void Corpus::forget() const {
    for (std::size_t range = 0; range < bytes_.size(); ++range) {
        forget(range, bytes_[range]);
    }
}

void Corpus::require_alphabet(std::uint32_t alphabet) const {
    const Alphabet symbols(alphabet);
    for (std::size_t r = 0; r < ranges(); ++r) {
        const ByteSpan bytes = bytes_[r];
        const std::size_t at = symbols.first_foreign(bytes);
        forget(r, bytes);
        if (at != bytes.size()) {
            fail("byte ", sources_[r].begin + at, " of ", files_[r].path().string(), " is ",
                 unsigned{bytes[at]}, ", but the model's alphabet is 0 .. ", alphabet - 1,
                 "; map the data to that alphabet or choose a model with alphabet 256");
        }
    }
}

void Corpus::require_unchanged(LookAgain look) const {
    for (std::size_t r = 0; r < ranges(); ++r) {
        const bool looks = look == LookAgain::everywhere || files_[r].may_have_changed();
        if (looks && hash_of(r) != sources_[r].hash) {
            fail(files_[r].path().string(), " was changed while it was read");
        }
    }
}

void Corpus::require_length(std::size_t positions) const {
    for (std::size_t r = 0; r < ranges(); ++r) {
        if (length(r) < positions) {
            fail(files_[r].path().string(), ": the range has ", length(r),
                 vocabulary_ == nullptr ? " bytes" : " tokens", ", and at least ", positions,
                 " are needed for one sequence of the model's context; give more data or join files");
        }
    }
}

std::uint64_t SymbolRate::symbols_of(std::uint64_t count) const {
    return count / bytes * symbols + count % bytes * symbols / bytes;
}

std::uint64_t SymbolRate::bytes_of(std::uint64_t count) const {
    return count / symbols * bytes + (count % symbols * bytes + symbols - 1) / symbols;
}

void Corpus::tokenise(std::shared_ptr<const Vocabulary> vocabulary, std::uint64_t most_bytes) {
    vocabulary_ = std::move(vocabulary);
    tokens_.clear();
    const Tokenizer tokenizer(vocabulary_);
    std::uint64_t left = most_bytes;
    std::uint64_t all = 0;
    for (std::size_t r = 0; r < ranges(); ++r) {
        const ByteSpan bytes = bytes_[r].first(std::min<std::uint64_t>(left, bytes_[r].size()));
        left -= bytes.size();
        all += bytes.size();
        if (all > kMostTokenisedBytes) {
            fail_usage("with a tokenizer the data are held in memory as tokens, and these have more than ",
                       kMostTokenisedBytes, " bytes; give less of them, such as FILE@0:1G");
        }
        tokens_.push_back(encode_blocks(tokenizer, bytes));
        forget(r, bytes);
    }
}

std::uint64_t Corpus::length(std::size_t range) const {
    return vocabulary_ == nullptr ? bytes_[range].size() : tokens_[range].size();
}

void Corpus::read(std::size_t range, std::uint64_t begin, std::span<Symbol> out) const {
    BITLAW_ASSERT(begin <= length(range) && out.size() <= length(range) - begin);
    if (vocabulary_ == nullptr) {
        Alphabet().encode(bytes_[range].subspan(begin, out.size()), out);
    } else {
        std::copy_n(tokens_[range].begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
    }
}

std::uint64_t Corpus::covered(std::span<const Symbol> symbols) const {
    if (vocabulary_ == nullptr) {
        return symbols.size();
    }
    return std::accumulate(
        symbols.begin(), symbols.end(), std::uint64_t{0},
        [&](std::uint64_t sum, Symbol symbol) { return sum + vocabulary_->covered(symbol); });
}

SymbolRate Corpus::rate() const {
    SymbolRate rate{0, 0};
    for (std::size_t r = 0; vocabulary_ != nullptr && r < ranges(); ++r) {
        rate.symbols += tokens_[r].size();
        rate.bytes += covered(tokens_[r]);
    }
    return rate.symbols == 0 ? SymbolRate{} : rate;
}

std::vector<Symbol> first_sequences(const Corpus& corpus, std::size_t positions, std::uint64_t most_symbols) {
    std::vector<Symbol> symbols;
    const std::uint64_t most = std::max<std::uint64_t>(most_symbols / positions, 1);
    std::uint64_t taken = 0;
    for (std::size_t r = 0; r < corpus.ranges() && taken < most; ++r) {
        const std::uint64_t count = std::min<std::uint64_t>(corpus.length(r) / positions, most - taken);
        const std::size_t start = symbols.size();
        symbols.resize(start + count * positions);
        corpus.read(r, 0, std::span(symbols).subspan(start));
        taken += count;
    }
    BITLAW_ASSERT(!symbols.empty());
    return symbols;
}

}  // namespace bitlaw::train
