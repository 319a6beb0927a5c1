#include "archive_search.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/archive_reader.hpp"

namespace bitlaw::coding {
namespace {

// The fewest bytes of a block in an archive: a stored one of one byte.
constexpr std::uint64_t kMinBlockBytes = 1 + 1 + 8 + 1 + kBlockCheckBytes;

std::optional<WholeHeader> header_at(ByteSpan file, std::uint64_t place) {
    try {
        const ByteSource source = source_of(file.subspan(static_cast<std::size_t>(place)));
        const ArchiveReader reader(source);
        return WholeHeader{reader.header(), reader.position()};
    } catch (const Error&) {
        return std::nullopt;
    }
}

// The bytes of the index by the length that stands at the end, 0 where the file is shorter or the index does
// not begin as one: for a forged length no memory may be asked.
std::uint64_t index_bytes(ByteSpan part) {
    constexpr std::size_t kLengthBytes = 4;
    const std::size_t tail = kLengthBytes + kArchiveEnd.size();
    if (part.size() < tail) {
        return 0;
    }
    const std::uint64_t length = ByteReader(part.last(tail), "the archive's end").u32();
    const bool possible = length > 0 && length <= part.size() - tail &&
                          part[part.size() - tail - static_cast<std::size_t>(length)] == kTrailer;
    return possible ? length : 0;
}

// The index of an archive that ends with the part, whose index_bytes() are not 0. Its first block may stand
// before the part's beginning, modulo 2^64, when bytes were cut out: it is read as if the part were longer in
// front.
std::optional<ArchiveIndex> index_of(ByteSpan part) {
    constexpr std::uint64_t kInFront = std::uint64_t{1} << 48;
    const auto read_at = [part](std::uint64_t offset, std::span<std::uint8_t> buffer) -> std::size_t {
        if (offset < kInFront) {
            return 0;
        }
        const ByteSpan left = part.subspan(static_cast<std::size_t>(offset - kInFront));
        const std::size_t count = std::min(left.size(), buffer.size());
        std::copy_n(left.begin(), count, buffer.begin());
        return count;
    };
    try {
        ArchiveIndex index = read_index({kInFront + part.size(), read_at});
        index.first_block -= kInFront;
        const bool possible =
            std::all_of(index.blocks.begin(), index.blocks.end(),
                        [](const IndexEntry& entry) { return entry.archive_bytes >= kMinBlockBytes; });
        return possible ? std::optional(std::move(index)) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

// The index of an archive that ends here.
std::optional<ArchiveIndex> index_before(ByteSpan file, std::uint64_t end) {
    const ByteSpan part = file.first(static_cast<std::size_t>(end));
    return index_bytes(part) == 0 ? std::nullopt : index_of(part);
}

// Calls visit(place) for every place of the mark.
template <class Visit>
void each_mark(ByteSpan file, const std::array<std::uint8_t, 4>& mark, const Visit& visit) {
    for (auto at = file.begin(); (at = std::search(at, file.end(), mark.begin(), mark.end())) != file.end();
         ++at) {
        visit(static_cast<std::uint64_t>(at - file.begin()));
    }
}

// Whether header and index agree on where the first block stands.
bool agree(const ArchiveRemains& archive) {
    return archive.header && archive.index &&
           archive.begin + archive.header->bytes + archive.header->header.model_bytes ==
               archive.index->first_block;
}

}  // namespace

std::vector<ArchiveRemains> find_archives(ByteSpan file) {
    const std::uint64_t size = file.size();
    ArchiveRemains all{0, size, header_at(file, 0), index_before(file, size)};
    if (agree(all)) {
        return {all};
    }
    std::vector<std::uint64_t> headers;
    each_mark(file, kArchiveMagic, [&](std::uint64_t place) {
        if (header_at(file, place)) {
            headers.push_back(place);
        }
    });
    // `joint`: the file ends here, or another archive begins.
    struct End {
        std::uint64_t place;
        std::uint64_t first_block;
        bool joint;
    };
    std::vector<End> ends;
    // A true index is a small part of its archive. Reading forged ones, each as long as all before it, would
    // take the square of the file's size.
    constexpr std::uint64_t kReadings = 64;
    std::uint64_t reading = 0;
    each_mark(file, kArchiveEnd, [&](std::uint64_t place) {
        const std::uint64_t end = place + kArchiveEnd.size();
        const ByteSpan part = file.first(static_cast<std::size_t>(end));
        const std::uint64_t bytes = index_bytes(part);
        reading += bytes;
        if (bytes == 0 || reading > kReadings * size) {
            return;
        }
        if (const auto index = index_of(part)) {
            ends.push_back({end, index->first_block,
                            end == size || std::binary_search(headers.begin(), headers.end(), end)});
        }
    });
    std::vector<ArchiveRemains> found;
    for (std::uint64_t begin = 0; begin < size; begin = found.back().end) {
        ArchiveRemains archive{begin, size, header_at(file, begin), std::nullopt};
        const auto next_end =
            std::upper_bound(ends.begin(), ends.end(), begin,
                             [](std::uint64_t place, const End& end) { return place < end.place; });
        // An end that the header agrees with hides archives that are stored inside this one.
        const std::uint64_t first_block =
            archive.header ? begin + archive.header->bytes + archive.header->header.model_bytes : size;
        const auto own_end = std::find_if(next_end, ends.end(),
                                          [&](const End& end) { return end.first_block == first_block; });
        if (own_end != ends.end()) {
            archive.end = own_end->place;
            archive.index = index_before(file, archive.end);
        }
        if (!archive.index) {
            const auto next = std::upper_bound(headers.begin(), headers.end(), begin);
            const auto joint = std::find_if(next_end, ends.end(), [](const End& end) { return end.joint; });
            archive.end =
                std::min(next == headers.end() ? size : *next, joint == ends.end() ? size : joint->place);
            archive.index = index_before(file, archive.end);
        }
        found.push_back(std::move(archive));
    }
    return found;
}

}  // namespace bitlaw::coding
