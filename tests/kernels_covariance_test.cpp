#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/covariance.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;

TEST_CASE("covariance: every instruction set adds the products that the header says") {
    constexpr std::int32_t kLargest = (1 << 17) - 1;
    Random random(5);
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        for (const std::size_t n : {1U, 7U, 8U, 9U, 33U}) {
            for (const std::size_t count : {1U, 4U, 16U}) {
                CAPTURE(std::string(isa_name(isa)));
                CAPTURE(n);
                const std::size_t ld = (n + kCovarianceLanes - 1) / kCovarianceLanes * kCovarianceLanes;
                std::vector<std::int32_t> x(count * ld, 0);
                for (std::size_t t = 0; t < count; ++t) {
                    for (std::size_t i = 0; i < n; ++i) {
                        const std::uint64_t kind = random.below(4);
                        x[t * ld + i] =
                            kind == 0   ? kLargest
                            : kind == 1 ? -kLargest
                                        : static_cast<std::int32_t>(random.below(2 * kLargest)) - kLargest;
                    }
                }
                std::vector<std::int64_t> sums(n * ld, 1000);
                covariance()(x.data(), count, n, ld, sums.data());
                for (std::size_t i = 0; i < n; ++i) {
                    for (std::size_t j = 0; j < ld; ++j) {
                        std::int64_t expected = 1000;
                        for (std::size_t t = 0; j / kCovarianceLanes <= i / kCovarianceLanes && t < count;
                             ++t) {
                            expected += std::int64_t{x[t * ld + i]} * x[t * ld + j];
                        }
                        CHECK(sums[i * ld + j] == expected);
                    }
                }
            }
        }
    }
}
