// A matrix is a range-coded stream with its length before it: of each row its step, then its levels, of which
// the trellis gives the parity. Rows of the output are its columns, one a symbol: how often a symbol comes is
// what decides how exact its weights must be.
//
// Whether a level is larger than 0 or 1, than 2 or 3, and so on are decisions, each of them predicted four
// times: by the size that its row and its column let expect, by the row alone, by both and its neighbours,
// and by what a normal distribution of that size says. Logistic mixing (Mahoney 2005) makes one prediction of
// them.

#include "bitlaw/model/trellis.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "bitlaw/model/weight_format.hpp"
#include "level_coder.hpp"

namespace bitlaw::model {
namespace {

/// Sizes are told apart in quarters of an octave of what is expected, from 1/16 of a level on.
constexpr std::size_t kClasses = 64;
constexpr std::size_t kUnary = 14;

// Of an expected size.
std::size_t class_of(double size) {
    const auto sixteenths = static_cast<std::uint64_t>(std::clamp(size, 0.0625, 4096.0) * 64.0);
    const auto octave = static_cast<std::size_t>(std::bit_width(sixteenths)) - 1;  // from 2 on
    return std::min(4 * (octave - 2) + (sixteenths >> (octave - 2) & 3), kClasses - 1);
}

/// Probabilities of more, as AdaptiveBit has them, by class, parity and place, where a level's size is spread
/// like a mixture of a normal and a two-sided geometric one, whose mean is the class's.
struct Priors {
    Priors() {
        for (std::size_t k = 0; k < kClasses; ++k) {
            const double octave = static_cast<double>(k / 4);
            const double mean = exact_exp2(octave) * (1.125 + 0.25 * static_cast<double>(k % 4)) / 16.0;
            const double sigma = mean * 1.2533141373155003;  // E|x| = sigma sqrt(2 / pi)
            const double theta = (std::sqrt(1.0 + mean * mean) - 1.0) / mean;
            const double ease = 0.7213475204444817 / (sigma * sigma);  // log2(e) / (2 sigma^2)
            const double fall = exact_log2(theta);
            for (const unsigned parity : {0U, 1U}) {
                std::array<double, kUnary + 64> share{};
                double normal = 0.0;
                double geometric = 0.0;
                for (std::size_t i = 0; i < share.size(); ++i) {
                    const double size = static_cast<double>(2 * i + parity);
                    const double signs = i == 0 && parity == 0 ? 1.0 : 2.0;
                    normal += signs * exact_exp2(-std::min(ease * size * size, 60.0));
                    geometric += signs * exact_exp2(std::max(fall * size, -60.0));
                }
                for (std::size_t i = 0; i < share.size(); ++i) {
                    const double size = static_cast<double>(2 * i + parity);
                    const double signs = i == 0 && parity == 0 ? 1.0 : 2.0;
                    share[i] = signs * (0.75 * exact_exp2(-std::min(ease * size * size, 60.0)) / normal +
                                        0.25 * exact_exp2(std::max(fall * size, -60.0)) / geometric);
                }
                double behind = 0.0;
                for (std::size_t i = share.size(); i-- > 0;) {
                    const double all = behind + share[i];
                    if (i < kUnary) {
                        more[k][parity][i] =
                            static_cast<std::uint16_t>(std::clamp(behind / all, 0.001, 0.999) * 65535.0);
                    }
                    behind = all;
                }
            }
        }
    }
    std::array<std::array<std::array<std::uint16_t, kUnary>, 2>, kClasses> more{};
};

const Priors& priors() {
    static const Priors kPriors;
    return kPriors;
}

/// ln(p / (1 - p)) and back, from tables, since there are many.
class Logistic {
   public:
    Logistic() {
        constexpr double kLn2 = 0.6931471805599453;
        for (std::size_t i = 0; i < stretch_.size(); ++i) {
            const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(stretch_.size());
            stretch_[i] = kLn2 * exact_log2(p / (1.0 - p));
        }
        for (std::size_t i = 0; i < squash_.size(); ++i) {
            const double x = (static_cast<double>(i) - kMiddle) / kPerUnit;
            squash_[i] = 1.0 / (1.0 + exact_exp2(-x / kLn2));
        }
    }
    /// Of a probability in 2^-17, below 1.
    [[nodiscard]] double stretch(std::uint32_t ones) const { return stretch_[ones >> 5]; }
    [[nodiscard]] double squash(double x) const {
        const double place = std::clamp(x, -kMost, kMost) * kPerUnit + kMiddle;
        const auto index = static_cast<std::size_t>(place);
        const double part = place - static_cast<double>(index);
        return squash_[index] + part * (squash_[index + 1] - squash_[index]);
    }

   private:
    static constexpr double kMost = 12.0;
    static constexpr double kPerUnit = 64.0;
    static constexpr double kMiddle = kMost * kPerUnit;
    std::array<double, 4096> stretch_{};
    std::array<double, 2 * 768 + 2> squash_{};
};

/// Sizes of a matrix's levels.
class SizeModel {
   public:
    SizeModel() {
        for (std::size_t k = 0; k < kClasses; ++k) {
            for (std::size_t parity = 0; parity < 2; ++parity) {
                for (std::size_t i = 0; i < kUnary; ++i) {
                    const std::uint16_t more = priors().more[k][parity][i];
                    expected_[k][parity][i].begin(more);
                    row_[k][parity][i].begin(more);
                    for (auto& near : near_[k][parity]) {
                        near[i].begin(more);
                    }
                }
            }
        }
        for (auto& weights : weights_) {
            weights.fill(0.26);
        }
    }

    /// `value` or what is read: (size - parity) / 2. Classes of the expected size and of the row's, and which
    /// of the neighbours are larger than expected.
    template <class Coder>
    std::uint32_t code(Coder& coder, std::size_t expected, std::size_t row, std::size_t near, unsigned parity,
                       std::uint32_t value) {
        static const Logistic kLogistic;
        for (std::uint32_t i = 0; i < kUnary; ++i) {
            const std::array<AdaptiveBit*, 3> bits = {&expected_[expected][parity][i], &row_[row][parity][i],
                                                      &near_[expected][parity][near][i]};
            const std::array<double, 4> inputs = {kLogistic.stretch(bits[0]->ones()),
                                                  kLogistic.stretch(bits[1]->ones()),
                                                  kLogistic.stretch(bits[2]->ones()),
                                                  kLogistic.stretch(2U * priors().more[expected][parity][i])};
            std::array<double, 4>& weights = weights_[i];
            double sum = 0.0;
            for (std::size_t k = 0; k < inputs.size(); ++k) {
                sum += weights[k] * inputs[k];
            }
            const double p = kLogistic.squash(sum);
            // At least 2^-11, as AdaptiveBit has it.
            const auto ones = std::clamp<std::uint32_t>(static_cast<std::uint32_t>(p * 65536.0), 32, 65504);
            const bool bit = coder.bit(ones, 16, value > i);
            const double error = kRate * ((bit ? 1.0 : 0.0) - p);
            for (std::size_t k = 0; k < inputs.size(); ++k) {
                weights[k] += error * inputs[k];
            }
            for (AdaptiveBit* const each : bits) {
                each->update(bit);
            }
            if (!bit) {
                return i;
            }
        }
        return static_cast<std::uint32_t>(kUnary) +
               large_.code(coder, value - static_cast<std::uint32_t>(kUnary));
    }

   private:
    using Places = std::array<AdaptiveBit, kUnary>;
    static constexpr double kRate = 0.003;
    std::array<std::array<Places, 2>, kClasses> expected_{};
    std::array<std::array<Places, 2>, kClasses> row_{};
    std::array<std::array<std::array<Places, 4>, 2>, kClasses> near_{};
    std::array<std::array<double, 4>, kUnary> weights_{};
    NumberModel large_;
};

/// All that is coded of a matrix, in the order of its rows.
class MatrixModel {
   public:
    explicit MatrixModel(std::size_t columns) : columns_(columns) {}

    /// The step of a row, as a difference from that of the row before.
    template <class Coder>
    std::size_t begin_row(Coder& coder, std::size_t value) {
        const std::size_t before = step_;
        step_ = steps_.code(coder, value, step_);
        row_ = std::clamp(row_ * step_at(before) / step_at(step_), 0.0625, 2048.0);
        state_ = 0;
        seen_ = kRowPrior;
        left_ = 1.0;
        left_of_left_ = 1.0;
        return step_;
    }

    /// The level of the row's next column.
    template <class Coder>
    std::int32_t level(Coder& coder, std::size_t column, std::int32_t value) {
        const unsigned parity = trellis_parity(state_);
        Column& here = columns_[column];
        const double expected = row_ * here.share;
        const std::size_t near =
            (2.0 * left_ + left_of_left_ > 3.0 ? 1U : 0U) + (here.above > expected ? 2U : 0U);
        const auto half = static_cast<std::uint32_t>(std::abs(value)) / 2;
        const std::uint32_t size = std::min<std::uint32_t>(
            2 * sizes_.code(coder, class_of(expected), class_of(row_), near, parity, half) + parity,
            kMaxWeightLevel - 1 + parity);
        const bool is_negative = size != 0 && coder.bit(1, 1, value < 0);
        const std::int32_t level =
            is_negative ? -static_cast<std::int32_t>(size) : static_cast<std::int32_t>(size);
        state_ = next_state(state_, level);
        // The row's mean size, in a column of share 1, and the column's share of it.
        const auto now = static_cast<double>(size);
        left_of_left_ = left_;
        left_ = now / expected;
        seen_ = std::min(seen_ + 1.0, kRowMemory);
        const double row = std::clamp(row_ + (now / here.share - row_) / seen_, 0.0625, 2048.0);
        here.share = std::clamp(here.share + (now / row_ - here.share) / kColumnMemory, 0.05, 20.0);
        here.above = now;
        row_ = row;
        return level;
    }

   private:
    // Levels that a mean remembers; of a row also what the row before is worth at its beginning.
    static constexpr double kRowPrior = 8.0;
    static constexpr double kRowMemory = 64.0;
    static constexpr double kColumnMemory = 20.0;

    struct Column {
        double share = 1.0;  // mean size / that of its row
        double above = 0.0;  // size in the row before
    };

    StepModel steps_;
    SizeModel sizes_;
    std::vector<Column> columns_;
    double row_ = 4.0;  // mean size
    double seen_ = kRowPrior;
    double left_ = 1.0;  // size / what was expected, of the two before
    double left_of_left_ = 1.0;
    std::size_t step_ = 128;
    unsigned state_ = 0;
};

struct Scheme {
    using Matrix = MatrixModel;
    static constexpr double kStep = 0.05;
    static StoredRows rows(const Tensor& tensor) { return stored_rows(tensor); }
    static std::optional<QuantisedRow> step(std::span<const float> row) { return trellis_row(row); }
    static void round(std::span<float> row, std::size_t step) { round_to_path(row, step); }
};

}  // namespace

const WeightFormat kTrellisWeights = {.id = WeightFormatId::trellis,
                                      .name = "trellis",
                                      .bytes = nullptr,
                                      .encode = LevelFormat<Scheme>::encode,
                                      .decode = LevelFormat<Scheme>::decode,
                                      .project = LevelFormat<Scheme>::project};

}  // namespace bitlaw::model
