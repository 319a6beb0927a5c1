#include "bitlaw/base/mapped_pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "bitlaw/base/error.hpp"

namespace bitlaw {

void forget_pages(const MappedFile& file, ByteSpan part) {
    if (part.empty()) {
        return;
    }
    const std::uint8_t* const data = file.bytes().data();
    BITLAW_ASSERT(part.data() >= data && part.data() + part.size() <= data + file.bytes().size());
    // Whole pages from the mapping's start on, which begins a page. The mapping is never written to, so
    // nothing is lost; a refusal costs memory only.
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto first = static_cast<std::size_t>(part.data() - data) / page * page;
    const auto last = static_cast<std::size_t>(part.data() - data) + part.size();
    (void)::madvise(const_cast<std::uint8_t*>(data) + first, last - first, MADV_DONTNEED);
}

void expect_order(const MappedFile& file, PageOrder order) {
    const ByteSpan bytes = file.bytes();
    if (!bytes.empty()) {
        (void)::madvise(const_cast<std::uint8_t*>(bytes.data()), bytes.size(),
                        order == PageOrder::random ? MADV_RANDOM : MADV_NORMAL);
    }
}

}  // namespace bitlaw
