#include "bitlaw/datasets/origin.hpp"

#include <algorithm>

#include "bitlaw/base/hash.hpp"

namespace bitlaw::datasets {

using namespace model;

const char* origin_name(Origin origin) {
    switch (origin) {
        case Origin::in_sample: return "in-sample";
        case Origin::held_out: return "held-out (by hash)";
        default: return "unknown";
    }
}

Origin origin_of(const TrainingRecord& record, ByteSpan file, std::uint64_t begin, std::uint64_t end) {
    if (record.training.empty()) {
        return Origin::unknown;
    }
    const ByteSpan bytes = file.subspan(begin, end - begin);
    const bool has_read =
        std::any_of(record.training.begin(), record.training.end(), [&](const DataSource& source) {
            if (source.bytes == bytes.size() && hash64(bytes) == source.hash) {
                return true;
            }
            const bool overlaps = source.begin < end && begin < source.begin + source.bytes;
            return overlaps && source.begin <= file.size() && source.bytes <= file.size() - source.begin &&
                   hash64(file.subspan(source.begin, source.bytes)) == source.hash;
        });
    return has_read ? Origin::in_sample : Origin::held_out;
}

}  // namespace bitlaw::datasets
