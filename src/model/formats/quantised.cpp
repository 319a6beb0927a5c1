// A matrix is a range-coded stream with its length before it: of each row its step, then its levels. The
// contexts of a level are the sizes of the levels before it in its row and of those above it, in units of the
// row's step.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "bitlaw/model/quantised_rows.hpp"
#include "bitlaw/model/weight_format.hpp"
#include "level_coder.hpp"

namespace bitlaw::model {
namespace {

/// All that is coded of a matrix, in the order of its weights.
class MatrixModel {
   public:
    explicit MatrixModel(std::size_t columns) : column_(columns, 0) {}

    template <class Coder>
    std::size_t begin_row(Coder& coder, std::size_t value) {
        step_ = steps_.code(coder, value, step_);
        return step_;
    }

    /// The level of the row's next column.
    template <class Coder>
    std::int32_t level(Coder& coder, std::size_t column, std::int32_t value) {
        const std::uint64_t unit = unit_of(step_);
        const std::uint64_t above = std::min<std::uint64_t>(column_[column] / unit, kLimit);
        NumberModel& sizes = sizes_[context(2 * row_ + above)][neighbours(above)];
        const std::uint32_t size = std::min<std::uint32_t>(
            sizes.code(coder, static_cast<std::uint32_t>(std::abs(value))), kMaxWeightLevel);
        const bool negative = size != 0 && coder.bit(1, 1, value < 0);
        // Averages in 16ths of a level, and in 16ths of the smallest step's unit.
        const std::uint64_t now = std::uint64_t{size} * 16;
        row_ = (7 * row_ + now + 4) / 8;
        column_[column] = (3 * column_[column] + now * unit + 2) / 4;
        return negative ? -static_cast<std::int32_t>(size) : static_cast<std::int32_t>(size);
    }

   private:
    static constexpr std::uint64_t kLimit = std::uint64_t{1} << 20;
    static constexpr std::size_t kContexts = 20;

    static std::uint64_t unit_of(std::size_t step) { return (8 + step % 8) << (step / 8); }
    // Of three times the expected size in 16ths: two contexts an octave.
    static std::size_t context(std::uint64_t size) {
        const auto octave = static_cast<std::size_t>(std::bit_width(size));
        const std::size_t upper = octave >= 2 ? size >> (octave - 2) & 1 : 0;
        return std::clamp<std::size_t>(2 * octave + upper, 4, kContexts + 3) - 4;
    }
    // Whether the column is smaller or larger than the row lets expect.
    [[nodiscard]] std::size_t neighbours(std::uint64_t above) const {
        return above * 2 < row_ ? 0 : above > row_ * 2 ? 2 : 1;
    }

    StepModel steps_;
    std::array<std::array<NumberModel, 3>, kContexts> sizes_{};
    std::vector<std::uint64_t> column_;
    std::uint64_t row_ = 0;
    std::size_t step_ = 128;
};

struct Scheme {
    using Matrix = MatrixModel;
    static constexpr double kStep = 0.10;
    static StoredRows rows(const Tensor& tensor) { return {tensor.rows, tensor.columns, tensor.columns, 1}; }
    static std::optional<QuantisedRow> step(std::span<const float> row) { return quantised_row(row); }
    static void round(std::span<float> row, std::size_t step) { round_row(row, step); }
};

}  // namespace

const WeightFormat kQuantisedWeights = {.id = WeightFormatId::quantised,
                                        .name = "quantised",
                                        .bytes = nullptr,
                                        .encode = LevelFormat<Scheme>::encode,
                                        .decode = LevelFormat<Scheme>::decode,
                                        .project = LevelFormat<Scheme>::project};

}  // namespace bitlaw::model
