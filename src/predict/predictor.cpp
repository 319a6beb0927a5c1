#include "bitlaw/predict/predictor.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"

namespace bitlaw::predict {

using namespace symbols;

void Predictor::begin(std::span<const std::size_t> lengths) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(!lengths.empty());
    lengths_.assign(lengths.begin(), lengths.end());
    longest_ = *std::max_element(lengths_.begin(), lengths_.end());
    position_ = 0;
    way_ = Way::undecided;
    begin_streams();
}

void Predictor::step(std::span<Coder* const> coders, std::span<Symbol> symbols) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(coders.size() == streams());
    claim(Way::stepping);
    const std::size_t n = positions_of(symbols.size());
    const std::size_t before = position_;
    step_streams(coders, symbols, n);
    BITLAW_ASSERT(position_ == before + n);
}

void Predictor::score(std::span<Coder* const> coders, std::span<const Symbol> symbols) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(coders.size() == streams());
    claim(Way::scoring);
    const std::size_t n = positions_of(symbols.size());
    check_symbols(symbols, n);
    const std::size_t before = position_;
    score_streams(coders, symbols, n);
    BITLAW_ASSERT(position_ == before + n);
}

std::size_t Predictor::left(std::size_t stream, std::size_t n) const {
    return std::min(n, lengths_[stream] - std::min(position_, lengths_[stream]));
}

void Predictor::claim(Way way) {
    BITLAW_ASSERT(way_ == Way::undecided || way_ == way);
    way_ = way;
}

// n of symbols [S, n], which must not pass the end of the longest stream.
std::size_t Predictor::positions_of(std::size_t symbols) const {
    BITLAW_ASSERT(streams() > 0 && symbols % streams() == 0);
    const std::size_t n = symbols / streams();
    BITLAW_ASSERT(n <= longest_ - std::min(position_, longest_));
    return n;
}

void Predictor::check_symbols(std::span<const Symbol> symbols, std::size_t n) const {
    for (std::size_t stream = 0; stream < streams(); ++stream) {
        for (const Symbol symbol : symbols.subspan(stream * n, left(stream, n))) {
            if (symbol >= alphabet()) {
                fail("symbol ", symbol, " is not in the predictor's alphabet of ", alphabet(),
                     "; use a model that was trained on such data");
            }
        }
    }
}

void FrequencyTable::resize(std::size_t streams, std::size_t symbols) {
    alphabet = symbols;
    frequency.resize(streams * symbols);
}

void TablePredictor::predict(FrequencyTable& out) {
    const FloatStateGuard guard;
    claim(Way::stepping);
    BITLAW_ASSERT(position_ < longest_);
    out.resize(streams(), alphabet());
    predict_row();
    for (std::size_t stream = 0; stream < streams(); ++stream) {
        if (running(stream)) {
            row(stream, out.row(stream));
        }
    }
}

void TablePredictor::accept(std::span<const Symbol> symbols) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(symbols.size() == streams());
    check_symbols(symbols, 1);
    accept_row(symbols);
    advance(1);
}

void TablePredictor::score(std::span<const Symbol> symbols, const Visit& visit) {
    const FloatStateGuard guard;
    claim(Way::scoring);
    const std::size_t n = positions_of(symbols.size());
    check_symbols(symbols, n);
    visit_rows(symbols, n, visit);
    advance(n);
}

void TablePredictor::step_streams(std::span<Coder* const> coders, std::span<Symbol> symbols, std::size_t n) {
    came_.resize(streams());
    frequency_.resize(alphabet());
    for (std::size_t i = 0; i < n; ++i) {
        predict_row();
        for (std::size_t stream = 0; stream < streams(); ++stream) {
            if (running(stream)) {
                row(stream, frequency_);
                Symbol& symbol = symbols[stream * n + i];
                symbol = came_[stream] = coders[stream]->symbol(frequency_, symbol);
            }
        }
        accept_row(came_);
        advance(1);
    }
}

void TablePredictor::score_streams(std::span<Coder* const> coders, std::span<const Symbol> symbols,
                                   std::size_t n) {
    visit_rows(symbols, n,
               [coders](std::size_t stream, std::span<const std::uint32_t> frequency, Symbol symbol) {
                   (void)coders[stream]->symbol(frequency, symbol);
               });
    advance(n);
}

}  // namespace bitlaw::predict
