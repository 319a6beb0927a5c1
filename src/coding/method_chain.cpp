#include "method_chain.hpp"

#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/method_table.hpp"

namespace bitlaw::coding {

MethodChain::MethodChain(std::span<const Method> table, const ArchiveHeader& header, MethodContext context)
    : table_(table),
      context_(std::move(context)),
      version_(header.version),
      own_(header.method),
      chain_bytes_(header.chain),
      chained_(false) {
    if (version_ >= 2) {
        const Method* method = find_method(table, own_, version_);
        if (method == nullptr) {
            fail("the archive's method is ", int{own_},
                 ", which this program does not know; use the bitlaw that made it");
        }
        chained_ = method->chained;
    }
}

void MethodChain::begin_block(std::uint64_t position) {
    if (position == 0 || (chain_bytes_ > 0 && position % chain_bytes_ == 0)) {
        open_.clear();
    }
}

BlockCoder& MethodChain::coder(MethodId id) {
    for (const Open& open : open_) {
        if (open.id == id) {
            return *open.coder;
        }
    }
    const Method* method = find_method(table_, id, version_);
    BITLAW_ASSERT(method != nullptr && (!method->chained || id == own_));
    return *open_.emplace_back(Open{id, method->open(context_)}).coder;
}

void MethodChain::end_block(bool seen, ByteSpan plain) {
    if (chained_ && !seen) {
        coder(own_).follow(plain);
    }
}

std::uint64_t MethodChain::replay_from(std::uint64_t position) const {
    if (!chained_) {
        return position;
    }
    return chain_bytes_ == 0 ? 0 : position - position % chain_bytes_;
}

}  // namespace bitlaw::coding
