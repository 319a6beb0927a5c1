#pragma once
/// \file A method of format 2 for tests: chained, with a header of its own in every block, rebuilt from the
/// stack in the archive's header. It codes with ToyPredictor and is no part of the product.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/method_table.hpp"
#include "support/toy_predictor.hpp"

namespace bitlaw::test {

inline constexpr coding::MethodId kToy = 200;
/// The stack's mixer set, whose settings are one u16: the shares of a one at the start.
inline constexpr std::uint64_t kToySet = 77;

[[nodiscard]] inline coding::Stack toy_stack(std::uint16_t first = 1u << 15) {
    ByteWriter settings;
    settings.u16(first);
    coding::Stack stack;
    stack.mixer = {kToySet, settings.take()};
    return stack;
}

class ToyBlocks final : public coding::BlockCoder {
   public:
    explicit ToyBlocks(const coding::MethodContext& context)
        : predictor_(Flaw::none, first_of(context.stack)), streams_(context.streams.value_or(3)) {}

    std::optional<coding::CodedBlock> encode(ByteSpan plain, const coding::BlockProgress& progress) override {
        if (plain[0] == kRefused) {
            return {};
        }
        const std::size_t streams = streams_of(plain.size());
        ByteWriter own;
        own.u32(blocks_++);
        return coding::CodedBlock{own.take(), coding::encode_streams(predictor_, plain, streams, progress)};
    }
    void decode(const coding::BlockHeader& header, std::span<const ByteSpan> streams,
                std::span<std::uint8_t> plain, const coding::BlockProgress& progress) override {
        if (ByteReader(header.own, "the toy's header").u32() != blocks_++) {
            fail("the toy's block has another number");
        }
        coding::decode_streams(predictor_, streams, plain, progress);
    }
    void follow(ByteSpan plain) override {
        ++blocks_;
        coding::teach_streams(predictor_, plain, streams_of(plain.size()));
    }

    /// A block that begins with it is not coded.
    static constexpr std::uint8_t kRefused = 0xEE;

   private:
    [[nodiscard]] std::size_t streams_of(std::size_t bytes) const { return std::min(streams_, bytes); }
    static std::uint32_t first_of(const coding::Stack& stack) {
        if (stack.source != coding::NetworkSource::none || stack.mixer.id != kToySet ||
            stack.recipe.id != 0) {
            fail("the toy's stack is not one that it knows");
        }
        ByteReader reader(stack.mixer.settings, "the toy's settings");
        const std::uint16_t first = reader.u16();
        if (first == 0 || reader.remaining() != 0) {
            fail("the toy's settings are none");
        }
        return first;
    }

    ToyPredictor predictor_;
    std::size_t streams_;
    std::uint32_t blocks_ = 0;  // of this chain
};

/// The table of the product and the toy.
[[nodiscard]] inline const std::vector<coding::Method>& toy_methods() {
    static const std::vector<coding::Method> table = [] {
        std::vector<coding::Method> all(coding::methods().begin(), coding::methods().end());
        all.push_back(
            {.id = kToy,
             .name = "toy",
             .version = 2,
             .chained = true,
             .fault = [](const coding::BlockHeader& header) -> std::string {
                 return header.own.size() == 4 ? "" : "the toy's header has another length";
             },
             .open = [](const coding::MethodContext& context) -> std::unique_ptr<coding::BlockCoder> {
                 return std::make_unique<ToyBlocks>(context);
             }});
        return all;
    }();
    return table;
}

}  // namespace bitlaw::test
