#include "block_restorer.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/method_table.hpp"

namespace bitlaw::coding {

using namespace model;

namespace {

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

Bytes front_of(ArchiveHeader header, ByteSpan model) {
    header.model_bytes = model.size();
    Bytes front = header_bytes(header);
    front.insert(front.end(), model.begin(), model.end());
    return front;
}

}  // namespace

ArchiveHeader free_header(std::uint8_t version) {
    ArchiveHeader header{.arithmetic_version = kArithmeticVersion, .version = version};
    if (version >= 2) {
        header.method = kSevenContexts;
        header.stack = encode_stack({});
    }
    return header;
}

BlockRestorer::BlockRestorer(const ModelFinder& find, ByteSpan file, ArchiveHeader header, ByteSpan model)
    : file_(file), front_(front_of(std::move(header), model)) {
    find_ = [&find, this](std::uint64_t id) -> const StoredModel& {
        try {
            return find(id);
        } catch (...) {
            model_failure_ = std::current_exception();
            throw;
        }
    };
    source_ = [this](std::span<std::uint8_t> buffer) {
        const ByteSpan from = in_front_ ? ByteSpan(front_) : file_;
        const std::size_t count = std::min(buffer.size(), from.size() - std::min(place_, from.size()));
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(place_), count, buffer.begin());
        place_ += count;
        return count;
    };
    reader_.emplace(source_);
    decoder_.emplace(find_, *reader_, notice_, methods(), progress_);
}

Bytes BlockRestorer::restore(const WholeBlock& block, std::uint64_t position) {
    if (next_ != block.number || place_of_next_ != block.begin) {
        // The reader counts blocks, for their checks, and where they begin; the lengths before it are no
        // matter.
        ArchiveIndex index;
        index.first_block = block.begin;
        index.blocks.resize(static_cast<std::size_t>(block.number), {0, 0});
        if (block.number > 0) {
            index.blocks[0].plain_bytes = position;
        }
        reader_->jump(index, static_cast<std::size_t>(block.number));
        in_front_ = false;
        place_ = static_cast<std::size_t>(block.begin);
    }
    next_ = kNowhere;
    BlockHeader header;
    std::optional<Bytes> plain = decoder_->next(header, position, position);
    if (!plain) {
        fail("the block is a trailer");
    }
    next_ = block.number + 1;
    place_of_next_ = block.begin + block.bytes;
    return *std::move(plain);
}

}  // namespace bitlaw::coding
