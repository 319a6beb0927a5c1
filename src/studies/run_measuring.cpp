#include "run_measuring.hpp"

#include <optional>

#include "bitlaw/coding/measure.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/predict/copying.hpp"
#include "bitlaw/studies/study_recipe.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace predict;
using namespace train;
using namespace coding;

void measure_model(const StoredModel& model, const StudyConfig& config, const Corpus& held_out,
                   StudyResult& result, const std::function<void(std::uint64_t, std::uint64_t)>& watch) {
    const HeldOutParts parts = held_out_parts(held_out.bytes(0), config.held_out_bytes);
    std::uint64_t before = 0;
    CompressOptions options;
    options.progress = [&](std::uint64_t plain, std::uint64_t) {
        watch(before + plain, parts.choose.size() + parts.report.size());
    };
    const auto bits_of = [&](ByteSpan bytes) {
        const double coded =
            config.mix ? static_cast<double>(mixed_bytes(&model, mixing_for(*config.mix, bytes.size()), bytes,
                                                         options.progress))
                       : estimate(model, options, bytes).archive_bytes;
        return 8.0 * coded / static_cast<double>(bytes.size());
    };
    result.held_out_bytes = parts.choose.size();
    result.bits_per_byte = bits_of(parts.choose);
    before = parts.choose.size();
    result.report_bytes = parts.report.size();
    result.report_bits_per_byte = bits_of(parts.report);
    held_out.require_unchanged(LookAgain::where_touched);
    const std::optional<CopyScore> copying = copy_score(PackedModel(model.model, PackFor::inference));
    result.copy_score = copying ? std::optional(copying->value()) : std::nullopt;
    result.model_bytes = model.stored_bytes;
}

}  // namespace bitlaw::studies
