#pragma once
/// \file How a model came to be, and the bytes that model files hold of it: docs/FORMAT.md.

#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::model {

/// One range of a training file, known by its content.
struct DataSource {
    std::string name;         ///< file name without folders
    std::uint64_t hash = 0;   ///< xxh3-64 of the range's bytes
    std::uint64_t begin = 0;  ///< first byte of the range in the file
    std::uint64_t bytes = 0;  ///< length of the range
};

/// How a model came to be. No time, path, thread count or instruction set: equal runs give equal bytes.
struct TrainingRecord {
    std::vector<DataSource> training;
    std::vector<DataSource> validation;
    std::uint64_t seed = 0;
    std::uint64_t steps = 0;
    std::uint64_t tokens = 0;
    std::string options;                  ///< one "name=value" a line
    double training_bits_per_byte = 0;    ///< moving mean at the end
    double validation_bits_per_byte = 0;  ///< with the stored weights; 0 when there was none
    Bytes content = {};  ///< content_sample() of the training ranges; empty in files that have none
};

/// Bytes of a record at most, without its sample.
inline constexpr std::uint64_t kMostRecordBytes = std::uint64_t{1} << 24;

/// All but the sample. Throws Error for what is longer than a reader would accept.
[[nodiscard]] std::string encode_record(const TrainingRecord& record);
/// Reads it back. Throws Error that says what is wrong, but not where.
[[nodiscard]] TrainingRecord decode_record(ByteSpan bytes);

}  // namespace bitlaw::model
