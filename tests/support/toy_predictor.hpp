#pragma once
/// \file The smallest predictor that mixes nothing but does all that is allowed: bytes as bits, a history
/// that its streams share, and a state that runs on from block to block. Broken on request, to see that the
/// conformance suite finds it.

#include <array>
#include <cstdint>
#include <memory>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::test {

enum class Flaw {
    none,
    peeks_when_scoring,  ///< moves the probability towards the bit that it is given when it scores
    peeks_always,        ///< and when it steps
    looks_ahead,         ///< its first bit depends on the symbol after it, where that is known
    backwards,           ///< asks the streams in descending order
    skips,               ///< does not ask for the last symbol of a stream
    certain,             ///< gives a one that has long been missing no chance
    counts_threads,      ///< depends on the number of threads
    counts_calls,        ///< depends on how symbols are cut into calls
    forgets,             ///< learns only when it scores
};

/// Order-0 bit probabilities of 16 bits, moved by a 16th; `unit` is the first one's.
class ToyPredictor final : public predict::Predictor {
   public:
    explicit ToyPredictor(Flaw flaw = Flaw::none, std::uint32_t first = 1u << 15) : flaw_(flaw) {
        ones_.fill(first);
    }
    [[nodiscard]] std::size_t alphabet() const override { return 256; }

    [[nodiscard]] static predict::PredictorMaker maker(Flaw flaw = Flaw::none, bool independent = false) {
        return {.make = [flaw] { return std::make_unique<ToyPredictor>(flaw); },
                .alphabet = 256,
                .independent = independent};
    }

   private:
    static constexpr unsigned kBits = 16;

    void begin_streams() override { previous_ = 0; }

    void step_streams(std::span<predict::Coder* const> coders, std::span<symbols::Symbol> symbols,
                      std::size_t n) override {
        call(n, [&](std::size_t stream, std::size_t i) {
            symbols::Symbol& symbol = symbols[stream * n + i];
            symbol = code(*coders[stream], symbol, 0, true);
        });
    }

    void score_streams(std::span<predict::Coder* const> coders, std::span<const symbols::Symbol> symbols,
                       std::size_t n) override {
        call(n, [&](std::size_t stream, std::size_t i) {
            const bool more = i + 1 < n && running(stream, i + 1);
            const symbols::Symbol next = more ? symbols[stream * n + i + 1] : symbols::Symbol{0};
            (void)code(*coders[stream], symbols[stream * n + i], next, false);
        });
    }

    template <class Ask>
    void call(std::size_t n, const Ask& ask) {
        if (flaw_ == Flaw::counts_calls) {
            previous_ = 0;
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t s = 0; s < streams(); ++s) {
                const std::size_t stream = flaw_ == Flaw::backwards ? streams() - 1 - s : s;
                const bool last = flaw_ == Flaw::skips && !running(stream, i + 1);
                if (running(stream, i) && !last) {
                    ask(stream, i);
                }
            }
        }
        advance(n);
    }

    symbols::Symbol code(predict::Coder& coder, symbols::Symbol known, symbols::Symbol next, bool stepping) {
        std::size_t node = 1;
        for (int shift = 7; shift >= 0; --shift) {
            std::uint32_t& ones = ones_[node + 256 * (previous_ & 1)];
            const bool given = (known >> shift & 1) != 0;
            std::uint32_t shares = ones;
            if (flaw_ == Flaw::peeks_always || (flaw_ == Flaw::peeks_when_scoring && !stepping)) {
                shares = given ? 60000 : 5000;
            } else if (flaw_ == Flaw::looks_ahead && shift == 7) {
                shares = 1000 + next;
            } else if (flaw_ == Flaw::certain && ones < 12000) {
                shares = 0;
            } else if (flaw_ == Flaw::counts_threads) {
                shares += static_cast<std::uint32_t>(thread_count());
            }
            const bool bit = coder.bit(shares, kBits, given);
            if (flaw_ != Flaw::forgets || !stepping) {
                ones = bit ? ones + (((1u << kBits) - ones) >> 4) : ones - (ones >> 4);
            }
            node = 2 * node + (bit ? 1 : 0);
        }
        previous_ = node;  // of any stream: the history is shared
        return static_cast<symbols::Symbol>(node & 255);
    }

    Flaw flaw_;
    std::array<std::uint32_t, 512> ones_{};  // [2, 256 nodes], chosen by the lowest bit of the byte before
    std::size_t previous_ = 0;
};

}  // namespace bitlaw::test
