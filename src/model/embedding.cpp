#include "bitlaw/model/embedding.hpp"

#include <algorithm>
#include <array>

namespace bitlaw::model {

using namespace symbols;

namespace {

/// A known number of columns becomes vector instructions, one that is not known does not.
constexpr std::size_t kColumns = 16;

/// Columns first .. first + count - 1 of one row x [C].
template <std::size_t count>
inline void embed_columns(const float* table, const float* tap, const Symbol* own, std::size_t width,
                          std::size_t taps, float factor, std::size_t first, float* __restrict x) {
    std::array<float, count> sum;
    const float* embedding = table + *own * width + first;
    for (std::size_t i = 0; i < count; ++i) {
        sum[i] = embedding[i] * factor;
    }
    for (std::size_t j = 1; j <= taps; ++j) {
        const float* earlier = table + *(own - j) * width + first;
        const float* weight = tap + (j - 1) * width + first;
        for (std::size_t i = 0; i < count; ++i) {
            sum[i] += weight[i] * earlier[i];
        }
    }
    std::copy_n(sum.begin(), count, x + first);
}

}  // namespace

void embed_rows(const Model& model, const Symbol* symbols, std::size_t n, float* x) {
    const std::size_t width = model.spec.embedding.width;
    const std::size_t taps = model.spec.embedding.taps;
    const float factor = model.spec.embedding.factor;
    const float* table = model.view(model.layout.embedding).data();  // [V, C]
    const float* tap = model.view(model.layout.taps).data();         // [taps, C]
    for (std::size_t row = 0; row < n; ++row, x += width) {
        std::size_t column = 0;
        for (; column + kColumns <= width; column += kColumns) {
            embed_columns<kColumns>(table, tap, symbols + row, width, taps, factor, column, x);
        }
        for (; column < width; ++column) {
            embed_columns<1>(table, tap, symbols + row, width, taps, factor, column, x);
        }
    }
}

void embed_rows_backward(const Model& model, const Symbol* symbols, std::size_t n, const float* dx,
                         std::size_t first, std::size_t last, float* gradient) {
    const std::size_t width = model.spec.embedding.width;
    const std::size_t taps = model.spec.embedding.taps;
    const float factor = model.spec.embedding.factor;
    const float* table = model.view(model.layout.embedding).data();  // [V, C]
    const float* tap = model.view(model.layout.taps).data();         // [taps, C]
    float* dtable = gradient + model.layout.embedding.offset;        // [V, C]
    float* dtap = gradient + model.layout.taps.offset;               // [taps, C]
    for (std::size_t row = 0; row < n; ++row) {
        const Symbol* own = symbols + row;
        const float* d = dx + row * width;
        float* target = dtable + *own * width;
        for (std::size_t column = first; column < last; ++column) {
            target[column] += d[column] * factor;
        }
        for (std::size_t j = 1; j <= taps; ++j) {
            const std::size_t symbol = *(own - j);
            const float* earlier = table + symbol * width;
            const float* weight = tap + (j - 1) * width;
            float* dearlier = dtable + symbol * width;
            float* dweight = dtap + (j - 1) * width;
            for (std::size_t column = first; column < last; ++column) {
                dearlier[column] += d[column] * weight[column];
                dweight[column] += d[column] * earlier[column];
            }
        }
    }
}

}  // namespace bitlaw::model
