#pragma once
/// \file The light set of experts: eight contexts, a match and a network's opinion, weighed by the sum of
/// four chosen weight sets, and one last stage. Class A; docs/FORMAT.md has it exactly.

#include <cstdint>
#include <memory>
#include <span>

#include "bitlaw/predict/coder.hpp"
#include "bitlaw/predict/context_mixer.hpp"

namespace bitlaw::predict {

/// Codes bytes. Streams share all tables: for each byte position the caller goes through the streams in
/// order.
class LightMixer {
   public:
    /// Its set of experts is the fast one.
    explicit LightMixer(const ContextMixerSetup& setup);
    ~LightMixer();
    LightMixer(LightMixer&&) noexcept;
    LightMixer& operator=(LightMixer&&) noexcept;

    /// Starts a block: streams of these lengths, with empty contexts; tables and weights stay as they are.
    void start(std::span<const std::size_t> lengths);
    /// The stream's next byte, as eight bits that the coder is asked for. `frequencies` [256], each at least
    /// 1, total below 2^40: what the external expert thinks of it; empty if there is none.
    symbols::Symbol code(std::size_t stream, std::span<const std::uint32_t> frequencies, Coder& coder,
                         symbols::Symbol known);

   private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace bitlaw::predict
