#pragma once
/// \file A whole network as straightforward loops in double precision: the oracle of forward and backward
/// tests.

#include <cmath>
#include <span>
#include <vector>

#include "bitlaw/model/model.hpp"
#include "bitlaw/symbols/symbol.hpp"
#include "support/plain_blocks.hpp"

namespace bitlaw::model::plain {

/// Runs sequences through a network whose weights are doubles in the layout's order.
class PlainNetwork {
   public:
    explicit PlainNetwork(const NetworkSpec& spec) : spec_(spec), layout_(spec), blocks_(blocks_of(spec)) {}

    /// Sum over tokens of -ln p(symbol); symbols [B, T].
    [[nodiscard]] double loss(const std::vector<double>& weights, std::span<const symbols::Symbol> symbols,
                              std::size_t positions) const {
        double sum = 0;
        for (std::size_t first = 0; first < symbols.size(); first += positions) {
            sum += sequence_loss(weights, symbols.subspan(first, positions));
        }
        return sum;
    }

   private:
    static Matrix rms_norm(const Matrix& x, std::size_t width, double epsilon = 1e-6,
                           const double* gain = nullptr) {
        Matrix y(x.size());
        for (std::size_t row = 0; row < x.size(); row += width) {
            double squares = 0;
            for (std::size_t i = 0; i < width; ++i) {
                squares += x[row + i] * x[row + i];
            }
            for (std::size_t i = 0; i < width; ++i) {
                y[row + i] = x[row + i] / std::sqrt(squares / static_cast<double>(width) + epsilon) *
                             (gain == nullptr ? 1.0 : gain[i]);
            }
        }
        return y;
    }

    static Matrix layer_norm(const Matrix& x, std::size_t width, const double* gain, const double* bias) {
        Matrix y(x.size());
        for (std::size_t row = 0; row < x.size(); row += width) {
            double mean = 0;
            double variance = 0;
            for (std::size_t i = 0; i < width; ++i) {
                mean += x[row + i] / static_cast<double>(width);
            }
            for (std::size_t i = 0; i < width; ++i) {
                variance += (x[row + i] - mean) * (x[row + i] - mean) / static_cast<double>(width);
            }
            for (std::size_t i = 0; i < width; ++i) {
                y[row + i] = (x[row + i] - mean) / std::sqrt(variance + 1e-5) * gain[i] + bias[i];
            }
        }
        return y;
    }

    [[nodiscard]] Matrix embedded(const std::vector<double>& w,
                                  std::span<const symbols::Symbol> symbols) const {
        const EmbeddingSpec& e = spec_.embedding;
        Matrix x(symbols.size() * e.width);
        for (std::size_t t = 0; t < symbols.size(); ++t) {
            for (std::size_t j = 0; j <= e.taps; ++j) {
                const std::size_t symbol = t < j + 1 ? symbols::kStartSymbol : symbols[t - 1 - j];
                for (std::size_t i = 0; i < e.width; ++i) {
                    const double factor = j == 0 ? static_cast<double>(e.factor)
                                                 : w[layout_.taps.offset + (j - 1) * e.width + i];
                    x[t * e.width + i] += factor * w[layout_.embedding.offset + symbol * e.width + i];
                }
            }
        }
        return x;
    }

    /// What a block reads of the stream x.
    [[nodiscard]] Matrix entering(const std::vector<double>& w, std::size_t block, const Matrix& x) const {
        const BlockSpec& spec = blocks_[block];
        switch (spec.norm) {
            case Norm::pre_rms: return rms_norm(x, spec.width);
            case Norm::pre_rms_gain:
                return rms_norm(x, spec.width, static_cast<double>(spec.epsilon),
                                w.data() + layout_.norms[block][0].offset);
            case Norm::post_layer: break;
        }
        return x;
    }

    /// [C, V].
    [[nodiscard]] Matrix output_of(const std::vector<double>& w) const {
        const std::size_t width = spec_.head.width;
        const std::size_t alphabet = spec_.head.alphabet;
        Matrix output(width * alphabet);
        for (std::size_t i = 0; i < output.size(); ++i) {
            const std::size_t tied = i % alphabet * width + i / alphabet;  // its place in the table [V, C]
            output[i] = w[spec_.head.tied ? layout_.embedding.offset + tied : layout_.output.offset + i];
        }
        return output;
    }

    [[nodiscard]] double sequence_loss(const std::vector<double>& w,
                                       std::span<const symbols::Symbol> symbols) const {
        const std::size_t n = symbols.size();
        const std::size_t width = spec_.embedding.width;
        const std::size_t alphabet = spec_.head.alphabet;
        Matrix x = embedded(w, symbols);
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const BlockSpec& block = blocks_[i];
            const PlainView view{block, layout_.blocks[i], w, spec_.rotary};
            const Matrix y = plain_block(block.kind)(view, entering(w, i, x), n);
            for (std::size_t j = 0; j < x.size(); ++j) {
                x[j] += y[j];
            }
            if (block.norm == Norm::post_layer) {
                x = layer_norm(x, width, w.data() + layout_.norms[i][0].offset,
                               w.data() + layout_.norms[i][1].offset);
            }
        }
        const HeadSpec& head = spec_.head;
        const Matrix last = head.gain
                                ? rms_norm(x, width, head.epsilon, w.data() + layout_.output_gain.offset)
                            : head.rms_norm ? rms_norm(x, width)
                                            : x;
        const Matrix output = output_of(w);
        const Matrix logits = product(last, n, output.data(), width, alphabet,
                                      head.bias ? w.data() + layout_.output_bias.offset : nullptr);
        double sum = 0;
        for (std::size_t t = 0; t < n; ++t) {
            double total = 0;
            for (std::size_t j = 0; j < alphabet; ++j) {
                total += std::exp(logits[t * alphabet + j]);
            }
            sum += std::log(total) - logits[t * alphabet + symbols[t]];
        }
        return sum;
    }

    NetworkSpec spec_;
    Layout layout_;
    std::vector<BlockSpec> blocks_;
};

}  // namespace bitlaw::model::plain
