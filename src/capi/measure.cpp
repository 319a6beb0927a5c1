#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/stream_predictor.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "stack.hpp"

namespace {

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::coding;
using namespace bitlaw::symbols;
using namespace bitlaw::capi;

constexpr std::size_t kBytes = 256;

void require_bytes(const bitlaw_stack& stack) {
    if (stack.model && (stack.model->model.config.alphabet > kBytes || stack.model->model.vocabulary)) {
        fail("the model's alphabet has ", stack.model->model.config.alphabet,
             " symbols, which are no bytes; use a byte model");
    }
}

// Probabilities of the V symbols of a table; those of bytes that the alphabet lacks are 0.
template <class Real>
void spread(std::span<const std::uint32_t> frequencies, Real* probability) {
    const auto total =
        static_cast<double>(std::accumulate(frequencies.begin(), frequencies.end(), std::uint64_t{0}));
    std::fill_n(probability, kBytes, Real{0});
    for (std::size_t j = 0; j < frequencies.size(); ++j) {
        probability[j] = static_cast<Real>(frequencies[j] / total);
    }
}

bitlaw_status score(const bitlaw_stack* stack, const void* input, size_t size, double* bits,
                    float* probability, bool all, bitlaw_progress progress, void* context) {
    return guarded([&] {
        check_pointer(stack, 1, "stack");
        const ByteSpan data = span_of(input, size, "input");
        check_pointer(bits, all ? 0 : size, "bits");
        check_pointer(probability, all ? size : 0, "probability");
        require_bytes(*stack);
        if (all && stack->mix) {
            fail_usage(
                "a stack that mixes predicts bit by bit; ask bitlaw_score() what bytes cost, or "
                "bitlaw_next()");
        }
        CompressOptions options = options_for(*stack, data, size);
        options.progress = progress_of(progress, context);
        trace(stack->model.get(), options, data, [&](const TracedByte& byte) {
            if (bits != nullptr) {
                bits[byte.place] = byte.bits;
            }
            if (all) {
                spread(byte.frequencies, probability + kBytes * byte.place);
            }
        });
        if (options.progress) {
            options.progress(size, 0);
        }
    });
}

// Gives the known bytes of a text, and then notes how the byte behind them is predicted. Where bits are
// asked, it gives those of `guess`.
class LastByte final : public Coder {
   public:
    LastByte(std::size_t known, unsigned guess, double* probability)
        : left_(known), guess_(guess), probability_(probability) {}
    Symbol symbol(std::span<const std::uint32_t> frequency, Symbol known) override {
        if (left_-- > 0) {
            return known;
        }
        spread(frequency, probability_);
        is_table_ = true;
        return known;
    }
    bool bit(std::uint32_t ones, unsigned bits, bool known) override {
        if (left_ == 0) {
            const double share = static_cast<double>(ones) / static_cast<double>(std::uint64_t{1} << bits);
            if (asked_ == 7) {
                probability_[guess_ & ~1U] = sure_ * (1 - share);
                probability_[guess_ | 1U] = sure_ * share;
            }
            sure_ *= known ? share : 1 - share;
        }
        if (++asked_ == 8) {
            asked_ = 0;
            left_ -= left_ > 0 ? 1 : 0;
        }
        return known;
    }
    [[nodiscard]] bool is_table() const { return is_table_; }

   private:
    std::size_t left_;  // known bytes
    unsigned guess_;
    double* probability_;
    unsigned asked_ = 0;  // bits of this byte
    double sure_ = 1;     // the probability of the guess's bits so far
    bool is_table_ = false;
};

// Predicts what follows the text; true when the distribution is complete, otherwise it has the guess and its
// neighbour.
bool predict_next(const StoredModel* model, const CompressOptions& options, ByteSpan text, unsigned guess,
                  double* probability) {
    StreamPredictor stream(model, options);
    Predictor& predictor = stream.predictor();
    const std::size_t length = text.size() + 1;
    predictor.begin({&length, 1});
    LastByte last(text.size(), guess, probability);
    Coder* const coder = &last;
    constexpr std::size_t kPiece = 4096;
    std::vector<Symbol> symbols;
    for (std::size_t begin = 0; begin < length; begin += kPiece) {
        const ByteSpan piece = text.subspan(begin, std::min(kPiece, text.size() - begin));
        symbols.assign(piece.begin(), piece.end());
        if (begin + kPiece >= length) {
            symbols.push_back(guess);
        }
        predictor.score({&coder, 1}, symbols);
    }
    return last.is_table();
}

std::unique_ptr<Predictor> at_temperature(const PackedModel& packed, double temperature) {
    return network_predictors(packed,
                              {.reset_every = default_reset(packed.config()), .temperature = temperature})
        .make();
}

void draw(Predictor& predictor, ByteSpan prompt, Drawer& drawer, std::span<std::uint8_t> output) {
    auto* next = output.data();
    draw_text(predictor, prompt, output.size(), drawer, [&](std::uint8_t byte) { *next++ = byte; });
}

}  // namespace

bitlaw_status bitlaw_score(const bitlaw_stack* stack, const void* input, size_t size, double* bits,
                           bitlaw_progress progress, void* context) {
    return score(stack, input, size, bits, nullptr, false, progress, context);
}

bitlaw_status bitlaw_score_all(const bitlaw_stack* stack, const void* input, size_t size, double* bits,
                               float* probability, bitlaw_progress progress, void* context) {
    return score(stack, input, size, bits, probability, true, progress, context);
}

bitlaw_status bitlaw_next(const bitlaw_stack* stack, const void* text, size_t size, double* probability) {
    return guarded([&] {
        check_pointer(stack, 1, "stack");
        const ByteSpan bytes = span_of(text, size, "text");
        check_pointer(probability, 1, "probability");
        require_bytes(*stack);
        if (size >= kMaxBlockBytes) {
            fail_usage("the text has ", size, " bytes, and at most ", kMaxBlockBytes - 1,
                       " are possible; give its end");
        }
        const CompressOptions options = options_for_stream(*stack, bytes, size + 1);
        const std::size_t alphabet = stack->model ? stack->model->model.config.alphabet : kBytes;
        std::fill_n(probability, kBytes, 0.0);
        for (unsigned guess = 0; guess < alphabet; guess += 2) {
            if (predict_next(stack->model.get(), options, bytes, guess, probability)) {
                return;
            }
        }
    });
}

bitlaw_status bitlaw_sample(const bitlaw_stack* stack, const void* prompt, size_t size, uint64_t seed,
                            double temperature, void* output, size_t count) {
    return guarded([&] {
        check_pointer(stack, 1, "stack");
        const ByteSpan bytes = span_of(prompt, size, "prompt");
        check_pointer(output, count, "output");
        require_bytes(*stack);
        constexpr std::size_t kMostBytes = std::size_t{1} << 30;
        if (size > kMostBytes || count > kMostBytes) {
            fail_usage("prompt and output have at most ", kMostBytes, " bytes each");
        }
        const bool is_plain = stack->model && !stack->mix && !stack->learn;
        if (!is_plain && temperature != 0 && temperature != 1) {
            fail_usage("a stack that mixes or learns has no temperature but 0 and 1, and this one is ",
                       temperature);
        }
        const std::span<std::uint8_t> drawn(static_cast<std::uint8_t*>(output), count);
        Drawer drawer(seed, temperature == 0);
        if (is_plain) {
            const PackedModel packed(stack->model->model, PackFor::inference);
            draw(*at_temperature(packed, temperature == 0 ? 1 : temperature), bytes, drawer, drawn);
        } else if (size + count > 0) {
            StreamPredictor stream(stack->model.get(), options_for_stream(*stack, bytes, size + count));
            draw(stream.predictor(), bytes, drawer, drawn);
        }
    });
}
