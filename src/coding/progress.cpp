#include "bitlaw/coding/progress.hpp"

namespace bitlaw::coding {

BlockProgress within(const CodecProgress& progress, std::uint64_t plain_before,
                     std::uint64_t archive_before) {
    if (!progress) {
        return {};
    }
    return [&progress, plain_before, archive_before](std::uint64_t plain, std::uint64_t payload) {
        progress(plain_before + plain, archive_before + payload);
    };
}

}  // namespace bitlaw::coding
