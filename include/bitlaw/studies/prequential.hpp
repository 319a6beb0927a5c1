#pragma once
/// \file Prequential runs of a study: a network that begins from a seed codes the data's first bytes and
/// learns them as it goes. There is no model to count: the archive is the adjusted size, and stands beside
/// the two parts (archive and model) of the trained networks.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/studies/study_config.hpp"

namespace bitlaw::studies {

/// One row of prequential.csv to be made: a size, an amount, a seed; the first context.
struct PrequentialRun {
    std::string id;  ///< "q200K-u1M-s1"
    std::uint64_t size = 0;
    std::uint64_t bytes = 0;
    std::uint64_t seed = 0;
    model::ModelConfig config;
};

struct PrequentialResult {
    std::string run;
    std::string recipe;  ///< hash of all that decides the archive: network, seed, recipe of learning, bytes
    std::uint64_t parameters = 0;
    std::uint64_t bytes = 0;
    std::uint64_t archive_bytes = 0;
    double seconds = 0;
    std::uint64_t threads = 0;
    std::string date;  ///< UTC
    [[nodiscard]] double rate() const {
        return static_cast<double>(archive_bytes) / static_cast<double>(bytes);
    }
};

/// Every size x the config's `prequential` amounts, the first seed.
[[nodiscard]] std::vector<PrequentialRun> prequential_runs(const StudyConfig& config);
[[nodiscard]] std::filesystem::path prequential_results(const StudyConfig& config);

/// Rows of a prequential.csv; none when there is no such file. Throws Error naming file and line for what it
/// cannot read.
[[nodiscard]] std::vector<PrequentialResult> read_prequential(const std::filesystem::path& path);

/// Called with (run, bytes done, of, bits per byte so far); may throw to end the work.
using PrequentialWatch = std::function<void(const std::string&, std::uint64_t, std::uint64_t, double)>;

/// Does the runs that have no row yet, one after the other, and adds a row for each in one atomic
/// replacement; returns how many. None while another process is at them. Throws UsageError when the data are
/// shorter than an amount or a row was made with other settings.
std::size_t run_prequential(const StudyConfig& config, ByteSpan data, const PrequentialWatch& watch);

}  // namespace bitlaw::studies
