#include "run_curves.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/model/config_choice.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/train/metrics.hpp"

namespace bitlaw::cli {

namespace fs = std::filesystem;
using namespace model;
using namespace train;

namespace {

// Operations of training a byte, by what the run left of its options.
double flops_per_byte(const fs::path& folder) {
    constexpr std::uint64_t kMaxOptionBytes = 1 << 20;
    const fs::path path = folder / kOptionsFile;
    std::string preset = TrainOptions{}.preset;
    FieldWords asked;
    const std::vector<BoundField> fields = asked_fields(asked);
    for (const Setting& setting : parse_settings(read_text(path, kMaxOptionBytes), path.string())) {
        if (setting.key == "preset") {
            preset = setting.value;
        }
        for (const BoundField& field : fields) {
            if (field.info.is_named(setting.key)) {
                field.read(setting.words);
            }
        }
    }
    const ModelConfig config = config_from(preset, asked);
    return training_flops(config, config.context) / config.context;
}

}  // namespace

const char* axis_title(CurveAxis axis) {
    return axis == CurveAxis::bytes   ? "bytes trained on"
           : axis == CurveAxis::flops ? "operations of training"
                                      : "minutes";
}

RunCurve run_curve(const std::string& run, CurveAxis axis, std::size_t pieces) {
    const bool is_folder = fs::is_directory(run);
    const fs::path metrics = is_folder ? fs::path(run) / kMetricsFile : fs::path(run);
    const std::vector<MetricsRow> rows = read_metrics(metrics);
    if (rows.empty()) {
        fail(metrics.string(), " has no rows yet; wait for the first step");
    }
    const double flops = axis == CurveAxis::flops ? flops_per_byte(metrics.parent_path()) : 0.0;
    const auto place = [&](const MetricsRow& row) {
        return axis == CurveAxis::minutes ? row.seconds / 60.0
               : axis == CurveAxis::flops ? flops * static_cast<double>(row.bytes)
                                          : static_cast<double>(row.bytes);
    };
    RunCurve curve{.name = run, .training = {}, .validation = {}};
    const std::size_t parts = std::min(pieces, rows.size());
    for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t begin = part * rows.size() / parts;
        const std::size_t end = (part + 1) * rows.size() / parts;
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            sum += rows[i].bits_per_byte;
        }
        curve.training.emplace_back(place(rows[end - 1]), sum / static_cast<double>(end - begin));
    }
    for (const MetricsRow& row : rows) {
        if (row.validation_bits_per_byte) {
            curve.validation.emplace_back(place(row), *row.validation_bits_per_byte);
        }
    }
    return curve;
}

CurveRange range_of(const std::vector<RunCurve>& curves) {
    CurveRange range{INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (const RunCurve& curve : curves) {
        for (const CurvePoints* points : {&curve.training, &curve.validation}) {
            for (const auto& [x, y] : *points) {
                range.low_x = std::min(range.low_x, x);
                range.high_x = std::max(range.high_x, x);
                range.low_y = std::min(range.low_y, y);
            }
        }
        for (std::size_t i = curve.training.size() / 50; i < curve.training.size(); ++i) {
            range.high_y = std::max(range.high_y, curve.training[i].second);
        }
    }
    return range;
}

}  // namespace bitlaw::cli
