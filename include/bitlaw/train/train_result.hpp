#pragma once
/// \file What a training leaves.

#include <cstdint>
#include <filesystem>
#include <string>

#include "bitlaw/model/training_record.hpp"

namespace bitlaw::train {

struct TrainResult {
    model::TrainingRecord record;
    std::uint64_t model_id = 0;
    std::filesystem::path model_file;
    double seconds = 0;
    bool is_validation_seen = false;  ///< validation bytes are among those trained on, as far as was looked
    /// Why the model is worse than none, although all numbers are finite; "" when it is not.
    std::string trouble = {};
};

}  // namespace bitlaw::train
