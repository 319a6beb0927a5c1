#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include <Eigen/Dense>

#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/least_squares.hpp"
#include "bitlaw/predict/sample_odds.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;

namespace {

// The same sums and the same ridge in double precision, solved by Eigen.
class PlainSquares {
   public:
    PlainSquares(int inputs, unsigned memory, unsigned batch)
        : memory_(memory),
          batch_(batch),
          sums_(Eigen::MatrixXd::Zero(inputs, inputs)),
          side_(Eigen::VectorXd::Zero(inputs)),
          weights_(Eigen::VectorXd::Zero(inputs)),
          fresh_(sums_),
          fresh_side_(side_) {}
    [[nodiscard]] double predict(const Eigen::VectorXd& x) const { return weights_.dot(x); }
    void accept(const Eigen::VectorXd& x, double y) {
        fresh_ += x * x.transpose();
        fresh_side_ += x * y;
        if (++filled_ % (1 << batch_) != 0) {
            return;
        }
        const double kept = 1 - std::ldexp(1.0, static_cast<int>(batch_) - static_cast<int>(memory_));
        sums_ = kept * sums_ + fresh_;
        side_ = kept * side_ + fresh_side_;
        fresh_.setZero();
        fresh_side_.setZero();
        // The ridge is 2^10 where the largest diagonal entry lies in 2^29 .. 2^30.
        const double ridge =
            std::exp2(std::floor(std::log2(std::max(1.0, 64 * sums_.diagonal().maxCoeff()))) - 19) / 64;
        weights_ =
            (sums_ + ridge * Eigen::MatrixXd::Identity(sums_.rows(), sums_.cols())).ldlt().solve(side_);
    }

   private:
    unsigned memory_;
    unsigned batch_;
    int filled_ = 0;
    Eigen::MatrixXd sums_;
    Eigen::VectorXd side_, weights_;
    Eigen::MatrixXd fresh_;
    Eigen::VectorXd fresh_side_;
};

}  // namespace

TEST_CASE("least squares: what double precision finds, and the same bits on every instruction set") {
    constexpr std::size_t kInputs = 8;
    std::vector<std::int64_t> reference;
    for (const kernels::Isa isa : kernels::available_isas()) {
        const test::IsaScope scope(isa);
        LeastSquares squares(kInputs, 8, 2);
        PlainSquares plain(kInputs, 8, 2);
        Random random(3);
        std::vector<std::int32_t> past(kInputs, 0);
        std::vector<std::int64_t> values;
        double off = 0;
        double missed = 0;
        for (int t = 0; t < 2000; ++t) {
            Eigen::VectorXd x(kInputs);
            for (std::size_t i = 0; i < kInputs; ++i) {
                x[static_cast<Eigen::Index>(i)] = past[i];
            }
            values.push_back(squares.predict(past.data()));
            const double value = std::ldexp(static_cast<double>(values.back()), -8);
            // A resonance of two poles, and noise.
            const auto y = static_cast<std::int32_t>(1.8 * past[0] - 0.95 * past[1] + 100 * random.normal());
            if (t > 200) {
                off += std::abs(value - plain.predict(x));
                missed += std::abs(value - y);
            }
            plain.accept(x, y);
            squares.accept(past.data(), y);
            past.insert(past.begin(), y);
            past.pop_back();
        }
        CHECK(off / 1800 < 1);            // of samples of some hundreds
        CHECK(missed / 1800 < 1.1 * 80);  // the noise's mean absolute value is 79.8
        reference = reference.empty() ? values : reference;
        CHECK(values == reference);
    }
}

TEST_CASE("least squares: the largest samples, and samples that are all alike, keep it finite") {
    constexpr std::int32_t kLargest = (1 << 17) - 1;
    LeastSquares squares(LeastSquares::kMaxInputs, 6, 2);
    std::array<std::int32_t, LeastSquares::kMaxInputs> x;
    for (const std::int32_t value : {kLargest, -kLargest, 0, 1}) {
        for (int t = 0; t < 3000; ++t) {
            x.fill(t % 2 != 0 ? value : kLargest);
            CHECK(std::abs(squares.predict(x.data())) < std::int64_t{1} << 40);
            squares.accept(x.data(), t % 3 == 0 ? -value : value);
        }
    }
    for (int t = 0; t < 3000; ++t) {
        x.fill(5);
        squares.accept(x.data(), 5);
    }
    CHECK(std::abs(squares.predict(x.data()) - 5 * 256) < 256);
}

TEST_CASE("sample odds: the logistic distribution, bit by bit") {
    for (const unsigned bits : {8U, 16U}) {
        SampleOdds odds(bits, 2);
        Random random(bits);
        const double whole = std::ldexp(1.0, static_cast<int>(bits));
        // A mean absolute error of about 1/32 of the range.
        for (int i = 0; i < 2000; ++i) {
            odds.begin(static_cast<std::int64_t>(whole * 128), 1);
            odds.accept(static_cast<std::uint32_t>(whole / 2 + (i % 2 != 0 ? 1 : -1) * whole / 32));
        }
        const double scale = whole / 32 / (2 * std::log(2.0));
        for (int trial = 0; trial < 300; ++trial) {
            const double value =
                whole / 4 + static_cast<double>(random.below(static_cast<std::uint64_t>(whole / 2)));
            odds.begin(static_cast<std::int64_t>(value * 256), 1);
            const auto below = [&](double x) {
                const double p = 1 / (1 + std::exp(-(x - 0.5 - value) / scale));
                return p * (1 - std::ldexp(1.0, -10)) + x / whole * std::ldexp(1.0, -10);
            };
            double low = 0;
            double size = whole;
            for (unsigned i = 0; i < bits; ++i) {
                const double from = low == 0 ? 0 : below(low);
                const double to = low + size == whole ? 1 : below(low + size);
                const double middle = below(low + size / 2);
                const double expected = std::log2((to - middle) / (middle - from));
                // The smallest intervals hold few units of 2^-32.
                CHECK(std::abs(odds.odds() / 256.0 - expected) < (size > 2 ? 0.1 : 0.5));
                const int bit = static_cast<int>(random.below(4) == 0) ^ (expected > 0 ? 1 : 0);
                odds.accept_bit(bit);
                size /= 2;
                low += bit != 0 ? size : 0;
            }
        }
    }
}
