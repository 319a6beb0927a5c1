#pragma once
/// \file Expert: numbers that follow their neighbours: pixels in rows, sound. Class A.

#include <array>
#include <cstdint>
#include <vector>

#include "bitlaw/predict/data_form.hpp"
#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/least_squares.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "bitlaw/predict/sample_odds.hpp"

namespace bitlaw::predict {

/// One stream's predictors: three by least squares of different reach, and their mean. Each becomes odds of
/// the bits, and what they say together with the neighbours becomes hashed contexts.
class Samples {
   public:
    static constexpr std::size_t kPredictors = 4;
    static constexpr std::size_t kInputs = kPredictors;
    static constexpr std::uint32_t kClasses = 64;

    /// A form whose kind is a kind of samples.
    explicit Samples(const DataForm& form);

    /// Before each byte.
    void begin(const Past& past);
    void add_contexts(const Past& past, std::size_t first_id, ContextList& contexts) const;
    /// Sets inputs first .. first + kInputs - 1, if `speaks`.
    void predict(Mixer& mixer, std::size_t first, bool speaks);
    void accept_bit(int bit);
    /// After each byte.
    void accept(const Past& past);

    /// How large an error is expected, 0 .. kClasses - 1.
    [[nodiscard]] std::uint32_t error_class() const { return class_; }
    /// Which byte of the sample comes next.
    [[nodiscard]] std::uint32_t phase() const { return phase_; }
    /// The highest eight bits of the value that the widest predictor expects.
    [[nodiscard]] std::uint32_t expected() const;

   private:
    void begin_sample(const Past& past);
    [[nodiscard]] std::int32_t sample(const Past& past, std::uint32_t distance) const;
    [[nodiscard]] std::uint32_t error(std::uint32_t distance) const;

    DataForm form_;
    std::uint32_t bytes_;                   // of a sample
    std::uint32_t flip_;                    // what makes a sample an ascending unsigned number
    std::vector<std::uint32_t> distances_;  // of the neighbours, in samples
    std::array<LeastSquares, 3> squares_;
    std::vector<SampleOdds> odds_;                                     // [predictors]
    std::vector<std::uint16_t> errors_;                                // ring of the last samples' errors
    std::array<std::int32_t, LeastSquares::kMaxInputs> neighbours_{};  // minus the base
    std::array<std::int64_t, kPredictors> values_{};                   // in units of 2^-8
    std::int32_t base_ = 0;
    std::uint32_t class_ = 0;
    std::uint32_t count_ = 0;  // samples seen
    std::uint32_t phase_ = 0;  // byte of the sample
    std::uint32_t first_byte_ = 0;
    bool first_bit_ = true;
};

}  // namespace bitlaw::predict
