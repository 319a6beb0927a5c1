#pragma once
/// \file The scaling law, what it predicts, and the same with the model's own bytes counted.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace bitlaw::laws {

/// One measured run.
struct LawPoint {
    double parameters = 0;  ///< N
    double bytes = 0;       ///< D, bytes trained on, repeats included
    double unique = 0;      ///< U, different bytes among them
    double bits = 0;        ///< L, held-out bits per byte
};

/// L(N, D) = E + A / N^a + B / D'^b (Hoffmann et al. 2022, equation 10) in bits per byte, with D' the
/// effective bytes.
struct Law {
    double floor = 0;         ///< E
    double size_scale = 0;    ///< A
    double size_power = 0;    ///< a
    double data_scale = 0;    ///< B
    double data_power = 0;    ///< b
    double repeat_scale = 0;  ///< R*: how many repeats are worth something; 0: every byte counts as new

    /// Bits per byte of a model of N parameters after D bytes of which U are different. A term whose scale is
    /// 0 is 0.
    [[nodiscard]] double bits(double parameters, double bytes, double unique) const;
    [[nodiscard]] double bits(const LawPoint& point) const {
        return bits(point.parameters, point.bytes, point.unique);
    }
};

/// D' = U + U R* (1 - exp(-R / R*)) with R = D / U - 1 repeats (Muennighoff et al. 2023, equation 5); D' = D
/// when R* is 0.
[[nodiscard]] double effective_bytes(double bytes, double unique, double repeat_scale);

/// Bytes of archive and model for each of the S bytes coded: bits(N, D, U) / 8 + bytes_per_parameter N / S.
[[nodiscard]] double adjusted_rate(const Law& law, const LawPoint& trained, double coded_bytes,
                                   double bytes_per_parameter);

/// The N that minimises it. The law's data term does not hold N, so D plays no part: (a A S / (8
/// bytes_per_parameter))^(1 / (a + 1)).
[[nodiscard]] double adjusted_optimum(const Law& law, double coded_bytes, double bytes_per_parameter);

/// N that minimises L(N, D) at 6 N D = `flops` operations, all bytes different: G (flops / 6)^(b / (a + b)),
/// G = (a A / (b B))^(1 / (a + b)) (Hoffmann et al. 2022, equation 4). An approximation: attention costs
/// operations too, and the embedding table none.
[[nodiscard]] double compute_optimum(const Law& law, double flops);

/// Operations of training a network of N parameters on one byte, known for some N: a line in log N and log
/// operations between them, the outermost lines' slopes beyond, and in proportion to N when one is known.
class ByteOperations {
   public:
    /// Operations by N: at least one, all above zero.
    explicit ByteOperations(const std::map<double, double>& known);
    [[nodiscard]] double at(double parameters) const;

   private:
    std::vector<double> log_size_;
    std::vector<double> log_operations_;
};

/// N that minimises L(N, D) at D = flops / operations.at(N), all bytes different, found numerically. The law
/// has both terms. Class B.
[[nodiscard]] double compute_optimum(const Law& law, double flops, const ByteOperations& operations);

}  // namespace bitlaw::laws
