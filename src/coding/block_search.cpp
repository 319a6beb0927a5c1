#include "block_search.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/hash.hpp"

namespace bitlaw::coding {
namespace {

// Blocks that may be lost in a row where their lengths are not known: more than that, and the search for the
// next one ends. Each number is one more hash of a place that looks like a block.
constexpr std::uint64_t kMaxLost = 64;
// Bytes hashed by searches of one archive: some seconds. What is looked for is nearly always the next block,
// so that a file of random bytes is given up and an archive is not.
constexpr std::uint64_t kMaxHashed = std::uint64_t{16} << 30;
// Greatest id that a method has had, and more to come.
constexpr MethodId kMaxMethod = 15;

// Reads numbers without exceptions: a search meets few bytes that are a header.
class Cursor {
   public:
    explicit Cursor(ByteSpan bytes) : bytes_(bytes) {}
    std::uint64_t varint(std::uint64_t max) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
            const std::uint8_t byte = bytes_[at_++];
            if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) {
                break;
            }
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) {
                fine_ = fine_ && value <= max;
                return value;
            }
        }
        fine_ = false;
        return 0;
    }
    ByteSpan take(std::uint64_t count) {
        if (!fine_ || count > bytes_.size() - at_) {
            fine_ = false;
            return {};
        }
        at_ += static_cast<std::size_t>(count);
        return bytes_.subspan(at_ - static_cast<std::size_t>(count), static_cast<std::size_t>(count));
    }
    [[nodiscard]] bool fine() const { return fine_; }
    [[nodiscard]] std::uint64_t at() const { return at_; }

   private:
    ByteSpan bytes_;
    std::size_t at_ = 0;
    bool fine_ = true;
};

class Search {
   public:
    Search(ByteSpan file, std::uint64_t end, std::uint8_t version)
        : file_(file.first(static_cast<std::size_t>(end))), version_(version) {}

    [[nodiscard]] std::optional<ReadHeader> header_at(std::uint64_t place) const {
        return place < file_.size()
                   ? read_block_header(file_.subspan(static_cast<std::size_t>(place)), version_)
                   : std::nullopt;
    }

    // The block with this number at this place, if it is whole.
    std::optional<WholeBlock> block_at(std::uint64_t place, std::uint64_t number) {
        const std::optional<ReadHeader> read = header_at(place);
        return read ? checked(place, number, *read) : std::nullopt;
    }

    // The first whole block from `place` on, whose number is `number` or one of the next.
    std::optional<WholeBlock> next_from(std::uint64_t place, std::uint64_t number) {
        for (; place < file_.size() && hashed_ < kMaxHashed; ++place) {
            const std::optional<ReadHeader> read = header_at(place);
            if (!read || place + read->block_bytes() > file_.size() ||
                !can_follow(place + read->block_bytes())) {
                continue;
            }
            for (std::uint64_t lost = 0; lost < kMaxLost && hashed_ < kMaxHashed; ++lost) {
                if (auto block = checked(place, number + lost, *read)) {
                    return block;
                }
            }
        }
        return std::nullopt;
    }

   private:
    // Whether an archive may go on, or end, here.
    [[nodiscard]] bool can_follow(std::uint64_t place) const {
        return place == file_.size() || file_[static_cast<std::size_t>(place)] == kTrailer ||
               header_at(place).has_value();
    }

    std::optional<WholeBlock> checked(std::uint64_t place, std::uint64_t number, const ReadHeader& read) {
        const std::uint64_t bytes = read.block_bytes();
        if (bytes > file_.size() - place) {
            return std::nullopt;
        }
        const ByteSpan block =
            file_.subspan(static_cast<std::size_t>(place), static_cast<std::size_t>(bytes));
        Hasher hasher;
        hasher.update(block_number_bytes(number));
        hasher.update(block.first(block.size() - kBlockCheckBytes));
        hashed_ += bytes;
        const auto expected = static_cast<std::uint32_t>(hasher.digest());
        if (ByteReader(block.last(kBlockCheckBytes), "a block's check").u32() != expected) {
            return std::nullopt;
        }
        return WholeBlock{number, place, bytes, read.header};
    }

    ByteSpan file_;
    std::uint8_t version_;
    std::uint64_t hashed_ = 0;
};

// Blocks at the places that the index gives them, counted from the archive's beginning and from its end:
// where bytes were cut out or put in, one of the two is right on either side.
std::vector<WholeBlock> by_index(Search& search, std::uint64_t begin, const ArchiveIndex& index) {
    std::vector<WholeBlock> found;
    std::uint64_t from_front = begin;
    std::uint64_t from_end = index.first_block;
    for (std::uint64_t number = 0; number < index.blocks.size(); ++number) {
        std::optional<WholeBlock> block = search.block_at(from_end, number);
        if (!block && from_front != from_end) {
            block = search.block_at(from_front, number);
        }
        if (block) {
            found.push_back(std::move(*block));
        }
        from_front += index.blocks[static_cast<std::size_t>(number)].archive_bytes;
        from_end += index.blocks[static_cast<std::size_t>(number)].archive_bytes;
    }
    return found;
}

}  // namespace

std::optional<ReadHeader> read_block_header(ByteSpan bytes, std::uint8_t version) {
    if (bytes.empty() || bytes[0] == kTrailer || bytes[0] > kMaxMethod) {
        return std::nullopt;
    }
    ReadHeader read;
    read.header.method = bytes[0];
    Cursor cursor(bytes.subspan(1));
    read.header.plain_bytes = cursor.varint(kMaxBlockBytes);
    if (!cursor.fine() || read.header.plain_bytes == 0) {
        return std::nullopt;
    }
    if (read.header.method != kStored) {
        if (version >= 2) {
            const std::uint64_t own = cursor.varint(kMaxOwnBytes);
            const ByteSpan taken = cursor.take(own);
            read.header.own.assign(taken.begin(), taken.end());
        }
        const std::uint64_t streams = cursor.varint(std::min(kMaxStreams, read.header.plain_bytes));
        std::uint64_t left = read.header.plain_bytes - 1;
        for (std::uint64_t i = 0; cursor.fine() && i < streams; ++i) {
            read.header.stream_bytes.push_back(cursor.varint(left));
            left -= std::min(left, read.header.stream_bytes.back());
        }
        if (streams == 0) {
            return std::nullopt;
        }
    }
    const ByteSpan hash = cursor.take(8);
    if (!cursor.fine()) {
        return std::nullopt;
    }
    read.header.plain_hash = ByteReader(hash, "a block's header").u64();
    read.bytes = 1 + cursor.at();
    return read;
}

std::vector<WholeBlock> find_blocks(ByteSpan file, std::uint64_t begin, std::uint64_t end,
                                    std::uint8_t version, const ArchiveIndex* index) {
    Search search(file, end, version);
    if (index != nullptr) {
        return by_index(search, begin, *index);
    }
    std::vector<WholeBlock> found;
    std::uint64_t place = begin;
    std::uint64_t number = 0;
    while (place < end) {
        std::optional<WholeBlock> block = search.block_at(place, number);
        if (!block) {
            // A damaged block whose lengths are right still, else whatever comes next.
            if (const auto read = search.header_at(place)) {
                block = search.block_at(place + read->block_bytes(), number + 1);
            }
            if (!block) {
                block = search.next_from(place, number);
            }
            if (!block) {
                break;
            }
        }
        place = block->begin + block->bytes;
        number = block->number + 1;
        found.push_back(std::move(*block));
    }
    return found;
}

}  // namespace bitlaw::coding
