#pragma once
/// \file From symbols to the residual stream: a table, and taps that look at the symbols before. Exactness
/// class A.

#include <cstddef>

#include "bitlaw/model/model.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::model {

/// x[r] = factor e(s[r]) + sum over j = 1 .. taps ascending of tap_j * e(s[r - j]), element by element, e the
/// table's rows. symbols [n], below V, with `taps` more before them; x [n, C].
void embed_rows(const Model& model, const symbols::Symbol* symbols, std::size_t n, float* x);

/// Gradients of embed_rows for the columns first .. last-1, continuing the chains in `gradient` [parameters]:
/// tokens ascending, and of one token the taps ascending. dx [n, C].
void embed_rows_backward(const Model& model, const symbols::Symbol* symbols, std::size_t n, const float* dx,
                         std::size_t first, std::size_t last, float* gradient);

}  // namespace bitlaw::model
