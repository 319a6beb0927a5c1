#pragma once
/// \file What a method of coding blocks is. Each is one file in src/coding/methods and a line of the table
/// (method_table.hpp).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/coding/stack.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::coding {

// An id stands for the same code for ever.
inline constexpr MethodId kNetwork = 2;        ///< a frozen network
inline constexpr MethodId kSevenContexts = 3;  ///< seven contexts, mixed, without a model
inline constexpr MethodId kMixing = 4;         ///< experts mixed bit by bit, with a network or without
inline constexpr MethodId kLearning = 5;       ///< a network that learns what it codes

/// What an archive gives its methods.
struct MethodContext {
    /// The archive's network, found when it is first asked for: as stored, and packed for inference.
    std::function<const model::StoredModel&()> model;
    std::function<const model::PackedModel&()> packed;
    std::uint64_t reset_every = 0;
    /// Streams of a block that the user asked for. In format 2 reader and writer both know them, so that a
    /// chained method can follow a block that it did not code; in format 1 a reader does not.
    std::optional<std::size_t> streams;
    Stack stack;  ///< of a format 2 archive
};

/// A block as a method coded it.
struct CodedBlock {
    Bytes own;                   ///< the method's own header, at most kMaxOwnBytes; format 1 has none
    std::vector<Bytes> streams;  ///< the payload of each stream
};

/// A method at work on the blocks of one chain, from its first to its last.
class BlockCoder {
   public:
    BlockCoder() = default;
    BlockCoder(const BlockCoder&) = delete;
    BlockCoder& operator=(const BlockCoder&) = delete;
    virtual ~BlockCoder() = default;
    /// The block's code; nothing, with the state untouched, when the method cannot code such bytes. Need not
    /// be smaller than the block.
    [[nodiscard]] virtual std::optional<CodedBlock> encode(ByteSpan plain, const BlockProgress& progress) = 0;
    /// Fills `plain` [header.plain_bytes] from the streams' payloads. Any payload gives some bytes or an
    /// Error.
    virtual void decode(const BlockHeader& header, std::span<const ByteSpan> streams,
                        std::span<std::uint8_t> plain, const BlockProgress& progress) = 0;
    /// Visits every byte of a block with what encode() pays for it, and leaves the state that encode() would.
    /// False, with nothing visited, when the method cannot code such bytes.
    [[nodiscard]] virtual bool trace(ByteSpan plain, const ByteVisit& visit, const BlockProgress& progress);
    /// What predicts this method's streams, for one stream that is no block, from its beginning; `like`: data
    /// whose form the stream has.
    [[nodiscard]] virtual predict::Predictor& predictor(ByteSpan like);
    /// A block that another method coded: a chained method leaves the state that encode and decode of it
    /// would have left.
    virtual void follow(ByteSpan plain) { (void)plain; }
};

struct Method {
    MethodId id = kStored;
    const char* name = "";     ///< in messages
    std::uint8_t version = 1;  ///< the first format version that has it
    /// State runs on from block to block, so that a block is decoded after all before it in its chain. Only
    /// the archive's own method may be chained: format 2.
    bool chained = false;
    /// Tried on every block beside the archive's own method (`--fallback`); the smallest code is kept.
    bool is_fallback = false;
    /// What is wrong with a block's header, before anything is allocated for it; empty when nothing is.
    std::string (*fault)(const BlockHeader& header) = nullptr;
    /// Throws Error when the stack's description is not one that this program knows.
    std::unique_ptr<BlockCoder> (*open)(const MethodContext& context) = nullptr;
};

}  // namespace bitlaw::coding
