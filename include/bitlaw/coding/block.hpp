#pragma once
/// \file The streams of one block: cut, coded, decoded and measured with a predictor, in parallel where its
/// streams are independent. Exactness class A.
///
/// Every stream has a range coder of its own. The encoder is a loop of Predictor::score, the decoder the same
/// loop of Predictor::step.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/progress.hpp"
#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::coding {

/// Streams of a block of `bytes` when nobody chose: clamp(bytes / 65536, 1, 64). A stream loses what its
/// empty context does not know yet, which is small against 64 KiB; 64 streams keep 16 threads busy with
/// groups of 4, and 4 MiB have them all.
[[nodiscard]] std::size_t default_streams(std::size_t bytes);

/// First byte of stream i of n over `bytes`: floor(i * bytes / n), so that lengths differ by at most 1; i ==
/// n gives the end.
[[nodiscard]] std::size_t stream_begin(std::size_t bytes, std::size_t n, std::size_t i);

/// True when every byte is a symbol of an alphabet of so many.
[[nodiscard]] bool codable(std::size_t alphabet, ByteSpan plain);

/// Of a block's `groups` of `group_streams` streams of `stream_bytes` each, how many the decoder hands out at
/// a time, so that the contexts in memory take at most 1 GiB together (one group does in any case), however
/// many threads there are: all groups for every model of this project.
[[nodiscard]] std::size_t groups_at_once(std::uint64_t stream_bytes, std::size_t groups,
                                         std::size_t group_streams);

/// The payloads of the block's `streams` streams. Needs codable(alphabet, plain) and 1 <= streams <=
/// plain.size(). Independent streams get a predictor each, others one for all of them.
[[nodiscard]] std::vector<Bytes> encode_streams(const predict::PredictorMaker& maker, ByteSpan plain,
                                                std::size_t streams, const BlockProgress& progress);
/// Fills `plain` from the payloads of its streams. Wrong payloads give wrong bytes or an Error, never more.
void decode_streams(const predict::PredictorMaker& maker, std::span<const ByteSpan> payloads,
                    std::span<std::uint8_t> plain, const BlockProgress& progress);
/// The ideal code length of every stream in bits: a chain of double additions over its decisions.
[[nodiscard]] std::vector<double> stream_bits(const predict::PredictorMaker& maker, ByteSpan plain,
                                              std::size_t streams, const BlockProgress& progress);

/// The same with one predictor that has all streams and runs on from block to block: a chain.
[[nodiscard]] std::vector<Bytes> encode_streams(predict::Predictor& predictor, ByteSpan plain,
                                                std::size_t streams, const BlockProgress& progress);
void decode_streams(predict::Predictor& predictor, std::span<const ByteSpan> payloads,
                    std::span<std::uint8_t> plain, const BlockProgress& progress);
[[nodiscard]] std::vector<double> stream_bits(predict::Predictor& predictor, ByteSpan plain,
                                              std::size_t streams, const BlockProgress& progress);
/// One byte of a block as the predictor was asked for it.
struct TracedByte {
    std::size_t place = 0;                         ///< in the block
    double bits = 0;                               ///< its ideal code length
    std::span<const std::uint32_t> frequencies{};  ///< [V] where one table was asked; valid during the visit
    std::span<const double>
        shares{};  ///< [8] of the bits that came, the most significant first, where bits were
};
/// Called once for each byte, in the order of its stream, of different streams perhaps by several threads.
using ByteVisit = std::function<void(const TracedByte&)>;
/// Visits every byte with what coding it costs: the sums are those of stream_bits(), but for rounding.
void trace_streams(const predict::PredictorMaker& maker, ByteSpan plain, std::size_t streams,
                   const ByteVisit& visit, const BlockProgress& progress);
void trace_streams(predict::Predictor& predictor, ByteSpan plain, std::size_t streams, const ByteVisit& visit,
                   const BlockProgress& progress);

/// Shows it a block that was coded by other means, in as many streams as it would have coded it in.
void teach_streams(predict::Predictor& predictor, ByteSpan plain, std::size_t streams);

}  // namespace bitlaw::coding
