#pragma once
/// \file The families of networks that there are, and presets of their sizes. src/model/specs.cpp is where a
/// whole network can be read.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/model/config.hpp"
#include "bitlaw/model/spec.hpp"

namespace bitlaw::model {

/// How networks of a family are trained unless options say otherwise.
enum class Recipe : std::uint8_t {
    adamw,  ///< AdamW for all tensors; its rate by width alone
    muon,   ///< Muon for hidden matrices, AdamW for the rest; rates by width and bytes
};

/// What the networks of a family have in common.
struct Family {
    Architecture id;
    const char* name;
    const char* summary;  ///< a few words, or none
    NetworkSpec (*spec)(const ModelConfig& config);
    /// Contexts are cut every K positions and a position sees all of its own: W = K, and no taps.
    bool cuts_context;
    // Unless presets and options say otherwise:
    bool shares_keys;  ///< keys and values have fewer heads than queries
    Arithmetic arithmetic;
    CachePrecision cache;
    std::uint32_t taps;
    Recipe recipe;
    /// Of norms with gains, in units of 1e-9; 0: norms have none. Such families take heads of any even width.
    std::uint32_t norm_epsilon = 0;
    bool tied = false;  ///< the output is the embedding's table: no gradient, so no training
};

/// All of them, the preferred one first.
[[nodiscard]] std::span<const Family> families();
/// "modern, or vanilla (the paper's network)".
[[nodiscard]] std::string family_names();
/// "bf16 (vanilla: fp32)": what `value` says of the first family, and of those of which it says otherwise.
[[nodiscard]] std::string family_defaults(std::string (*value)(const Family& family));
/// Throws Error when there is none with that id.
[[nodiscard]] const Family& family_of(Architecture architecture);

/// The network of a config; throws Error when its family is not known.
[[nodiscard]] NetworkSpec network_spec(const ModelConfig& config);

/// The config of a named preset; throws UsageError listing the names when there is none.
[[nodiscard]] ModelConfig preset_config(const std::string& name);
[[nodiscard]] std::vector<std::string> preset_names();

}  // namespace bitlaw::model
