#pragma once
/// \file What a compressor or a model makes of a data set: one cell of the paper's Table 1, measured.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bitlaw/base/file.hpp"
#include "bitlaw/baselines/compressor.hpp"
#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/datasets/manifest.hpp"
#include "bitlaw/datasets/origin.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::table {

/// A range of bytes of a file, with its manifest if there is one.
class DataSet {
   public:
    /// `text` is FILE or FILE@BEGIN:END. Throws Error for unreadable and empty files and for a manifest that
    /// does not belong to the file, UsageError for a range outside it.
    DataSet(std::string name, const std::string& text);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] ByteSpan bytes() const { return file_.bytes().subspan(begin_, end_ - begin_); }
    [[nodiscard]] const datasets::DataShape& shape() const { return shape_; }
    /// Of its manifest; "file" without one.
    [[nodiscard]] const std::string& kind() const { return kind_; }
    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }
    /// Files that the manifest says could not be used.
    [[nodiscard]] std::size_t skipped_files() const { return skipped_; }
    [[nodiscard]] datasets::OriginFound origin(const model::TrainingRecord& record) const {
        return datasets::origin_of(record, file_.bytes(), begin_, end_);
    }

   private:
    std::string name_;
    MappedFile file_;
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;
    datasets::DataShape shape_;
    std::string kind_ = "file";
    std::uint64_t hash_ = 0;  // of the range
    std::size_t skipped_ = 0;
};

enum class TableProtocol {
    unchunked,  ///< the whole data set in one piece; for models an archive, whose context runs on
    chunked,    ///< independent chunks; a classical compressor's header counted once
};

/// What stands behind a rate.
enum class RateSource {
    restored,  ///< compressed bytes, from which the original was restored in the same run
    archive,   ///< an archive's bytes, not restored here
    program,   ///< a program's output, which nobody restored
    estimate,  ///< ideal code length over the coder's integer frequencies
};
[[nodiscard]] const char* rate_source_name(RateSource source);

struct Measurement {
    std::uint64_t plain_bytes = 0;
    double coded_bytes = 0;         ///< without the model; the headers' share already taken off
    std::uint64_t model_bytes = 0;  ///< as stored; 0 for a classical compressor, as in the paper
    std::uint64_t chunks = 1;
    std::uint64_t header_bytes =
        0;  ///< taken off for all chunks but one: the size of one zero byte compressed
    RateSource source = RateSource::restored;
    datasets::OriginFound origin = {};
    double seconds = 0;  ///< of compressing or scoring
    std::optional<double> restore_seconds{};
    std::optional<std::uint64_t> peak_memory{};  ///< bytes above what was there before
    std::size_t threads = 1;
    [[nodiscard]] double raw_rate() const { return coded_bytes / static_cast<double>(plain_bytes); }
    [[nodiscard]] double adjusted_rate() const {
        return (coded_bytes + static_cast<double>(model_bytes)) / static_cast<double>(plain_bytes);
    }
};

/// Called from the calling thread with (bytes done, of); may throw to end the work.
using TableWatch = std::function<void(std::uint64_t, std::uint64_t)>;

/// The whole data set in one piece. Restores it too and throws Error when that gives other bytes.
[[nodiscard]] Measurement measure_unchunked(const baselines::Compressor& compressor, const DataSet& data,
                                            const TableWatch& watch);

/// Every chunk by itself, on all threads, and restored likewise. Bytes = sum - (chunks - 1) x header, where
/// header is the size of one zero byte compressed (the paper's code, compress.py). The same for any number of
/// threads.
[[nodiscard]] Measurement measure_chunked(const baselines::Compressor& compressor, const DataSet& data,
                                          std::uint64_t chunk_bytes, const TableWatch& watch);

/// An archive made in memory with these options, but for their progress, and restored when `restores` is
/// true.
[[nodiscard]] Measurement measure_continuous(const model::StoredModel& model, const DataSet& data,
                                             bool restores, const TableWatch& watch,
                                             coding::CompressOptions options = {});

/// Independent chunks: the ideal code length over the coder's frequencies. An archive made with the same
/// resets takes that within 0.1 % + 32 bytes.
[[nodiscard]] Measurement measure_chunked(const model::StoredModel& model, const DataSet& data,
                                          std::uint64_t chunk_bytes, const TableWatch& watch);

}  // namespace bitlaw::table
