#pragma once
/// \file A predictor of tokens as a predictor of bytes: any bytes can be coded, and rates are per byte.
/// Exactness class A.

#include <memory>
#include <vector>

#include "bitlaw/predict/predictor.hpp"
#include "bitlaw/symbols/tokenizer.hpp"

namespace bitlaw::predict {

/// S streams of bytes, each coded as its number of tokens and then the tokens, by a predictor over them. The
/// number of a stream of n bytes is asked for as bits of probability 1/2, as many as n + 1 has. Behind an
/// escape, or any other symbol without bytes, a byte follows as eight bits of probability 1/2.
///
/// Where a text is cut into tokens depends on all of it, so score() asks nothing before the last symbol is
/// there, and step() may ask ahead; the questions are the same, in the same order.
class TokenPredictor final : public Predictor {
   public:
    TokenPredictor(std::unique_ptr<Predictor> tokens, std::shared_ptr<const symbols::Tokenizer> tokenizer);
    [[nodiscard]] std::size_t alphabet() const override { return 256; }

   private:
    class Spelling;
    void begin_streams() override;
    void step_streams(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols,
                      std::size_t n) override;
    void score_streams(std::span<Coder* const> coders, std::span<const symbols::Symbol> symbols,
                       std::size_t n) override;
    void begin_tokens(std::span<Coder* const> coders, std::span<const std::size_t> known);
    void score_all(std::span<Coder* const> coders);
    bool step_tokens(std::span<Coder* const> coders);

    std::unique_ptr<Predictor> tokens_;
    std::shared_ptr<const symbols::Tokenizer> tokenizer_;
    std::vector<Bytes> text_;            // [S] with a leading space where the vocabulary has one
    std::vector<std::size_t> counts_;    // [S] tokens
    std::vector<symbols::Symbol> came_;  // [S, n] of one call of the inner predictor
    std::size_t longest_ = 0;            // of counts_
    std::size_t done_ = 0;               // tokens of each stream that were stepped
    bool begun_ = false;                 // the numbers of tokens are known
};

/// A predictor of the model's symbols as one of bytes: itself where the model has no vocabulary.
[[nodiscard]] std::unique_ptr<Predictor> spelt(std::unique_ptr<Predictor> symbols,
                                               const std::shared_ptr<const symbols::Tokenizer>& tokenizer);
/// The tokenizer of a vocabulary; null without one.
[[nodiscard]] std::shared_ptr<const symbols::Tokenizer> tokenizer_of(
    const std::shared_ptr<const symbols::Vocabulary>& vocabulary);

}  // namespace bitlaw::predict
