#include "bitlaw/predict/token_predictor.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {

using namespace symbols;

namespace {

constexpr std::size_t kScoreTokens = 256;  // of one call: as many as a network scores at once
constexpr std::size_t kStepTokens = 32;

// `bits` bits of probability 1/2, the highest first.
std::uint64_t even_bits(Coder& coder, unsigned bits, std::uint64_t known) {
    std::uint64_t value = 0;
    for (unsigned bit = bits; bit-- > 0;) {
        value = value << 1 | static_cast<std::uint64_t>(coder.bit(1, 1, (known >> bit & 1) != 0));
    }
    return value;
}

}  // namespace

// Asks for tokens, and behind one without bytes for a byte; `text` is what the tokens spell.
class TokenPredictor::Spelling final : public Coder {
   public:
    // known: the text is there already; otherwise it grows to `most` bytes.
    Spelling(Coder& inner, const Vocabulary& vocabulary, Bytes& text, bool known, std::size_t most)
        : inner_(inner), vocabulary_(vocabulary), text_(text), known_(known), most_(most) {}

    Symbol symbol(std::span<const std::uint32_t> frequency, Symbol known) override {
        const Symbol symbol = inner_.symbol(frequency, known);
        const ByteSpan bytes = vocabulary_.bytes(symbol);
        add(bytes);
        if (bytes.empty()) {
            const std::uint8_t given = known_ && at_ < text_.size() ? text_[at_] : 0;
            const auto byte = static_cast<std::uint8_t>(even_bits(inner_, 8, given));
            add({&byte, 1});
        }
        return symbol;
    }
    bool bit(std::uint32_t ones, unsigned bits, bool known) override { return inner_.bit(ones, bits, known); }

   private:
    void add(ByteSpan bytes) {
        at_ += bytes.size();
        if (!known_) {
            bytes = bytes.first(std::min(bytes.size(), most_ - std::min(most_, text_.size())));
            text_.insert(text_.end(), bytes.begin(), bytes.end());
        }
    }

    Coder& inner_;
    const Vocabulary& vocabulary_;
    Bytes& text_;
    std::size_t at_ = 0;  // bytes that are spelt
    bool known_;
    std::size_t most_;
};

TokenPredictor::TokenPredictor(std::unique_ptr<Predictor> tokens, std::shared_ptr<const Tokenizer> tokenizer)
    : tokens_(std::move(tokens)), tokenizer_(std::move(tokenizer)) {
    BITLAW_ASSERT(tokens_->alphabet() == tokenizer_->vocabulary().size());
}

void TokenPredictor::begin_streams() {
    text_.assign(streams(), {});
    counts_.assign(streams(), 0);
    longest_ = done_ = 0;
    begun_ = false;
}

// Asks how many tokens every stream has; known [S] where they are.
void TokenPredictor::begin_tokens(std::span<Coder* const> coders, std::span<const std::size_t> known) {
    const std::size_t leading = tokenizer_->vocabulary().leading_space() ? 1 : 0;
    for (std::size_t s = 0; s < streams(); ++s) {
        if (lengths()[s] > 0) {
            const std::size_t most = lengths()[s] + leading;
            counts_[s] = static_cast<std::size_t>(std::min<std::uint64_t>(
                even_bits(*coders[s], static_cast<unsigned>(std::bit_width(most)), known[s]), most));
        }
    }
    longest_ = *std::max_element(counts_.begin(), counts_.end());
    begun_ = true;
    tokens_->begin(counts_);
}

void TokenPredictor::score_streams(std::span<Coder* const> coders, std::span<const Symbol> symbols,
                                   std::size_t n) {
    for (std::size_t s = 0; s < streams(); ++s) {
        const auto piece = symbols.subspan(s * n, left(s, n));
        std::transform(piece.begin(), piece.end(), std::back_inserter(text_[s]),
                       [](Symbol symbol) { return static_cast<std::uint8_t>(symbol); });
    }
    advance(n);
    if (position() == *std::max_element(lengths().begin(), lengths().end()) && !begun_) {
        score_all(coders);
    }
}

void TokenPredictor::score_all(std::span<Coder* const> coders) {
    const Vocabulary& vocabulary = tokenizer_->vocabulary();
    std::vector<std::vector<Symbol>> given(streams());
    std::vector<std::size_t> known(streams());
    for (std::size_t s = 0; s < streams(); ++s) {
        if (!text_[s].empty()) {
            text_[s] = tokenizer_->with_space(text_[s]);
            given[s] = tokenizer_->encode(text_[s]);
        }
        known[s] = given[s].size();
    }
    begin_tokens(coders, known);
    std::vector<Spelling> spellings;
    std::vector<Coder*> asked;
    spellings.reserve(streams());
    for (std::size_t s = 0; s < streams(); ++s) {
        asked.push_back(&spellings.emplace_back(*coders[s], vocabulary, text_[s], true, text_[s].size()));
    }
    for (std::size_t first = 0; first < longest_; first += kScoreTokens) {
        const std::size_t n = std::min(kScoreTokens, longest_ - first);
        came_.assign(streams() * n, kStartSymbol);
        for (std::size_t s = 0; s < streams(); ++s) {
            const std::size_t begin = std::min(first, given[s].size());
            std::copy_n(given[s].begin() + static_cast<std::ptrdiff_t>(begin),
                        std::min(n, given[s].size() - begin),
                        came_.begin() + static_cast<std::ptrdiff_t>(s * n));
        }
        tokens_->score(asked, came_);
    }
}

// Steps some tokens of all streams; false when there are no more.
bool TokenPredictor::step_tokens(std::span<Coder* const> coders) {
    const std::size_t n = std::min(kStepTokens, longest_ - done_);
    if (n == 0) {
        return false;
    }
    std::vector<Spelling> spellings;
    std::vector<Coder*> asked;
    spellings.reserve(streams());
    const Vocabulary& vocabulary = tokenizer_->vocabulary();
    for (std::size_t s = 0; s < streams(); ++s) {
        const std::size_t most = lengths()[s] + (vocabulary.leading_space() ? 1 : 0);
        asked.push_back(&spellings.emplace_back(*coders[s], vocabulary, text_[s], false, most));
    }
    came_.assign(streams() * n, kStartSymbol);
    tokens_->step(asked, came_);
    done_ += n;
    return true;
}

void TokenPredictor::step_streams(std::span<Coder* const> coders, std::span<Symbol> symbols, std::size_t n) {
    if (!begun_) {
        begin_tokens(coders, std::vector<std::size_t>(streams()));
    }
    const std::size_t leading = tokenizer_->vocabulary().leading_space() ? 1 : 0;
    const auto lacks = [&](std::size_t s) {
        return text_[s].size() < leading + std::min(lengths()[s], position() + n);
    };
    for (std::size_t s = 0; s < streams(); ++s) {
        while (lengths()[s] > 0 && lacks(s) && step_tokens(coders)) {
        }
        for (std::size_t i = 0; i < left(s, n); ++i) {
            // Damaged code may have too few tokens, and the block's hash will tell.
            const std::size_t at = leading + position() + i;
            symbols[s * n + i] = at < text_[s].size() ? text_[s][at] : 0;
        }
    }
    advance(n);
}

std::unique_ptr<Predictor> spelt(std::unique_ptr<Predictor> symbols,
                                 const std::shared_ptr<const Tokenizer>& tokenizer) {
    return tokenizer == nullptr ? std::move(symbols)
                                : std::make_unique<TokenPredictor>(std::move(symbols), tokenizer);
}

std::shared_ptr<const Tokenizer> tokenizer_of(const std::shared_ptr<const Vocabulary>& vocabulary) {
    return vocabulary == nullptr ? nullptr : std::make_shared<const Tokenizer>(vocabulary);
}

}  // namespace bitlaw::predict
