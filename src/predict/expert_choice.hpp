#pragma once
/// \file Which experts a context mixer has, and which of them speak of what form of data. Class A.

#include <cstddef>
#include <cstdint>
#include <span>

#include "bitlaw/predict/data_form.hpp"
#include "bitlaw/predict/expert_set.hpp"

namespace bitlaw::predict {

/// Expert i is bit i of ContextMixerSetup::experts.
enum class Expert : unsigned {
    orders,
    words,
    match,
    sparse,
    indirect,
    lines,
    records,
    bitmap,
    samples,
    direct,
    refinement
};

/// Forms that share contexts and weights. From `bytes` on they are samples.
enum class Family : std::size_t { text, binary, bytes, shorts };
inline constexpr std::size_t kFamilies = 4;

/// In the order of their bits.
[[nodiscard]] std::span<const char* const> expert_names();

/// Those of the experts `asked` for that the set has, as bits.
[[nodiscard]] std::uint64_t active_experts(ExpertSet set, std::uint64_t asked);

/// The experts at work on a block.
struct ExpertChoice {
    ExpertChoice(ExpertSet set, std::uint64_t asked, bool has_external)
        : bits(active_experts(set, asked)), full(set == ExpertSet::full), external(has_external) {}

    [[nodiscard]] bool has(Expert expert) const { return (bits >> static_cast<unsigned>(expert) & 1) != 0; }
    /// Whether the block's bytes are samples.
    [[nodiscard]] bool sampled() const { return family >= Family::bytes; }
    /// Chooses for a block of this form; the first fast set takes everything for text. Throws Error when the
    /// form is out of range.
    void set_form(const DataForm& wanted);

    std::uint64_t bits;
    bool full;      ///< or the first fast set
    bool external;  ///< a distribution from outside is one more expert
    DataForm form;
    Family family = Family::text;
};

}  // namespace bitlaw::predict
