#include "bitlaw/datasets/origin.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"

namespace bitlaw::datasets {

using namespace model;

namespace {

constexpr std::array kNames{"unknown", "too short to tell", "seen", "held-out"};  // in the enum's order

// Whether the hashes of the record's ranges name the bytes.
bool is_recorded(const TrainingRecord& record, ByteSpan file, std::uint64_t begin, std::uint64_t end) {
    const ByteSpan bytes = file.subspan(begin, end - begin);
    return std::any_of(record.training.begin(), record.training.end(), [&](const DataSource& source) {
        if (source.bytes == bytes.size() && hash64(bytes) == source.hash) {
            return true;
        }
        const bool overlaps = source.begin < end && begin < source.begin + source.bytes;
        return overlaps && source.begin <= file.size() && source.bytes <= file.size() - source.begin &&
               hash64(file.subspan(source.begin, source.bytes)) == source.hash;
    });
}

}  // namespace

const char* origin_name(Origin origin) { return kNames[static_cast<std::size_t>(origin)]; }

Origin origin_named(const std::string& name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? Origin::unknown : static_cast<Origin>(found - kNames.begin());
}

std::string origin_text(const OriginFound& found) {
    if (!found.seen_share) {
        return origin_name(found.origin);
    }
    const std::string share = text_of(std::lround(100.0 * *found.seen_share), " %");
    return found.origin == Origin::held_out ? "held-out, " + share + " seen"
                                            : text_of(origin_name(found.origin), ", ", share);
}

OriginFound origin_of(const TrainingRecord& record, ByteSpan file, std::uint64_t begin, std::uint64_t end) {
    OriginFound result;
    if (!record.content.empty()) {
        const SeenShare seen = seen_share(record.content, file.subspan(begin, end - begin));
        result.origin = seen.is_too_short() ? Origin::too_short
                        : seen.is_seen()    ? Origin::seen
                                            : Origin::held_out;
        if (!seen.is_too_short()) {
            result.seen_share = seen.share();
        }
    }
    if (result.origin != Origin::seen && is_recorded(record, file, begin, end)) {
        result.origin = Origin::seen;
    }
    return result;
}

}  // namespace bitlaw::datasets
