#pragma once
/// \file Matrices whose surroundings are watched, and what kernel tests compare with them.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "support/guarded_floats.hpp"

namespace bitlaw::test {

/// [rows, n] floats, rows `gap` floats further apart than n. The gaps hold a NaN of their own, the last row
/// ends at a page without access: reading beyond a row poisons a result, writing there is seen by intact().
class Matrix {
   public:
    Matrix(std::size_t rows, std::size_t n, std::size_t gap = 3)
        : rows_(rows),
          n_(n),
          ld_(n + gap),
          floats_(rows == 0 ? 0 : (rows - 1) * ld_ + n, std::bit_cast<float>(kGap)) {
        for (std::size_t r = 0; r < rows_; ++r) {
            for (std::size_t j = 0; j < n_; ++j) {
                at(r, j) = 0.0F;
            }
        }
    }
    /// Normally distributed numbers of this scale.
    static Matrix random(Random& random, std::size_t rows, std::size_t n, double scale = 1.0,
                         std::size_t gap = 3) {
        Matrix result(rows, n, gap);
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t j = 0; j < n; ++j) {
                result.at(r, j) = static_cast<float>(scale * random.normal());
            }
        }
        return result;
    }
    Matrix(const Matrix& other) : Matrix(other.rows_, other.n_, other.ld_ - other.n_) {
        for (std::size_t i = 0; i < floats_.size(); ++i) {
            floats_.data()[i] = other.floats_.data()[i];
        }
    }
    Matrix& operator=(const Matrix&) = delete;

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] std::size_t n() const { return n_; }
    [[nodiscard]] std::size_t ld() const { return ld_; }
    [[nodiscard]] float* data() { return floats_.data(); }
    [[nodiscard]] const float* data() const { return floats_.data(); }
    [[nodiscard]] float& at(std::size_t r, std::size_t j) { return floats_.data()[r * ld_ + j]; }
    [[nodiscard]] float at(std::size_t r, std::size_t j) const { return floats_.data()[r * ld_ + j]; }
    [[nodiscard]] bool intact() const {
        for (std::size_t i = 0; i < floats_.size(); ++i) {
            if (i % ld_ >= n_ && std::bit_cast<std::uint32_t>(floats_.data()[i]) != kGap) {
                return false;
            }
        }
        return floats_.unharmed();
    }
    /// The same numbers in double, rows n apart.
    [[nodiscard]] std::vector<double> widened() const {
        std::vector<double> result;
        for (std::size_t r = 0; r < rows_; ++r) {
            result.insert(result.end(), data() + r * ld_, data() + r * ld_ + n_);
        }
        return result;
    }

   private:
    static constexpr std::uint32_t kGap = 0x7FC0BEEFU;
    std::size_t rows_;
    std::size_t n_;
    std::size_t ld_;
    GuardedFloats floats_;
};

/// Empty when both hold the same bits and nothing around `got` was touched; else the first difference.
inline std::string difference(const Matrix& got, const Matrix& expected) {
    for (std::size_t r = 0; r < expected.rows(); ++r) {
        for (std::size_t j = 0; j < expected.n(); ++j) {
            if (std::bit_cast<std::uint32_t>(got.at(r, j)) !=
                std::bit_cast<std::uint32_t>(expected.at(r, j))) {
                return "row " + std::to_string(r) + ", column " + std::to_string(j) + ": " +
                       std::to_string(got.at(r, j)) + " instead of " + std::to_string(expected.at(r, j));
            }
        }
    }
    return got.intact() ? "" : "floats outside the matrix were written";
}

/// check() once for every instruction set that this machine has; the choice is restored.
template <class Check>
void for_every_isa(Check check) {
    const kernels::Isa before = kernels::chosen_isa();
    for (const kernels::Isa isa : kernels::available_isas()) {
        kernels::choose_isa(isa);
        check();
    }
    kernels::choose_isa(before);
}

}  // namespace bitlaw::test
