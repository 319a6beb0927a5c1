#pragma once
/// \file What compress, decompress and test tell while they work and when they are done.

#include <cstdint>
#include <optional>
#include <string>

#include "arguments.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/restore.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

/// Useful operations of predicting one byte, on average over a stream of so many positions with resets after
/// so many (0: none).
[[nodiscard]] double flops_per_byte(const model::ModelConfig& config, std::uint64_t positions,
                                    std::uint64_t reset_every);

/// Shows how far a long piece of work is, and ends it when a stop was requested.
class ArchiveWatch {
   public:
    /// `total`: plain bytes, 0 when not known.
    ArchiveWatch(const CommonOptions& common, std::string name, std::uint64_t total);
    void set_flops_per_byte(double flops) { flops_per_byte_ = flops; }
    /// (plain bytes done, archive bytes done).
    void operator()(std::uint64_t plain, std::uint64_t archive);
    [[nodiscard]] double seconds() const { return progress_.seconds(); }
    void clear() { line_.clear(); }

   private:
    ProgressLine line_;
    Progress progress_;
    std::string name_;
    std::uint64_t total_;
    double flops_per_byte_ = 0;
};

/// "notes.txt: 5,000,000 -> 1,082,123 bytes, 21.64 %, 1.731 bits/byte, 13.1 KB/s, restored".
[[nodiscard]] std::string summary_line(const std::string& name, ArchiveMode mode,
                                       const coding::CodecSummary& summary, double seconds,
                                       const std::optional<ByteRange>& range);

}  // namespace bitlaw::cli
