#pragma once
/// \file A frozen network of tokens as a table of bytes: the sum over all tokens that begin with the bytes so
/// far, and over the ways in which a text may have been cut into tokens. Whole numbers behind the network.
/// Exactness class A.
///
/// One text has many cuts into tokens, and a byte's probability is a sum over them. A cut in progress is a
/// reading: the tokens that are complete, the bytes of the next one, and its share of the probability. Every
/// byte divides a reading into those whose token goes on and the one whose token ends here. Readings that end
/// at the same byte are joined: their shares are added, the likeliest one's tokens stand for all, so that
/// there is one more reading a byte at the most, and one pass of the network. Readings of less than 2^-12 are
/// left out.

#include <cstdint>
#include <memory>

#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/predict/predictor.hpp"
#include "bitlaw/symbols/tokenizer.hpp"

namespace bitlaw::predict {

/// Streams are independent. A byte that no token goes on with costs what the table's smallest frequency
/// costs, and the tokens begin anew behind it.
class TokenBytes final : public TablePredictor {
   public:
    /// The model must have a vocabulary and outlive the predictor. A context starts afresh when reset_every
    /// tokens are settled; 0: never.
    TokenBytes(const model::PackedModel& model, std::uint64_t reset_every);
    ~TokenBytes() override;
    [[nodiscard]] std::size_t alphabet() const override { return 256; }

   private:
    void begin_streams() override;
    void predict_row() override {}
    void row(std::size_t stream, std::span<std::uint32_t> frequency) override;
    void accept_row(std::span<const symbols::Symbol> symbols) override;
    void visit_rows(std::span<const symbols::Symbol> symbols, std::size_t n, const Visit& visit) override;
    struct State;
    std::unique_ptr<State> state_;
};

/// What makes them; the model must outlive them.
[[nodiscard]] PredictorMaker token_bytes_predictors(const model::PackedModel& model,
                                                    std::uint64_t reset_every);

}  // namespace bitlaw::predict
