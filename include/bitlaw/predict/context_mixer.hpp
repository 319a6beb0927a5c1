#pragma once
/// \file Experts and mixer as one predictor of bits: what is known of a file alone, nothing else. Class A.

#include <cstdint>
#include <memory>
#include <span>

#include "bitlaw/predict/data_form.hpp"
#include "bitlaw/predict/expert_set.hpp"

namespace bitlaw::predict {

struct ContextMixerSetup {
    ExpertSet set = ExpertSet::full;
    std::uint64_t experts = ~std::uint64_t{0};    ///< bit i: expert i takes part, if the set has it
    std::size_t streams = 1;                      ///< of a block at most
    std::size_t bytes = 0;                        ///< that the history holds; sizes the tables
    std::size_t memory = std::size_t{192} << 20;  ///< bytes of hashed tables at most; 16 MB more are fixed
    bool external = false;                        ///< a distribution from outside is one more expert
};

/// Predicts the bits of bytes, most significant first. Streams share all tables: for each byte position the
/// caller goes through the streams in order, and for each stream calls begin(), then predict() and accept()
/// eight times.
class ContextMixer {
   public:
    explicit ContextMixer(const ContextMixerSetup& setup);
    ~ContextMixer();
    ContextMixer(ContextMixer&&) noexcept;
    ContextMixer& operator=(ContextMixer&&) noexcept;

    /// Starts a block: streams of these lengths and of this form, with empty contexts; tables and weights
    /// stay as they are. The fast set takes everything for text. Throws Error when the form is out of range.
    void start(std::span<const std::size_t> lengths, const DataForm& form = {});
    /// The next byte is one of this stream. `frequencies` [256], each at least 1, total below 2^40: what the
    /// external expert thinks of it; empty if there is none.
    void begin(std::size_t stream, std::span<const std::uint32_t> frequencies = {});
    /// Probability that the next bit is a one, in units of 2^-32; at least 2^-26 from 0 and from 1.
    [[nodiscard]] std::uint32_t predict();
    /// The bit that came.
    void accept(int bit);
    /// Names of all experts; expert i is bit i of ContextMixerSetup::experts.
    [[nodiscard]] static std::span<const char* const> experts();
    /// Those that a set has, as such bits.
    [[nodiscard]] static std::uint64_t experts_of(ExpertSet set);

   private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace bitlaw::predict
