#pragma once
/// \file What the fuzz targets do with an input. The libFuzzer programs and the test that replays committed
/// inputs share it.
///
/// An input is done for when it gives a result or an Error; everything else ends the process: another
/// exception, a broken assertion, what a sanitizer finds.

#include <algorithm>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/restore.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/seven_contexts.hpp"
#include "bitlaw/train/training_state.hpp"
#include "support/tiny_model.hpp"
#include "support/toy_method.hpp"

namespace bitlaw::fuzz {

template <class Work>
void error_or_result(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        if (std::string(error.what()).starts_with("internal error")) {
            throw;
        }
    }
}

// More plain bytes than this take more time than a fuzzer should spend on one input.
constexpr std::uint64_t kMostPlainBytes = 1 << 14;

inline const model::StoredModel& fuzz_model_of(std::uint64_t id) {
    static model::StoredModel model =
        test::noisy_model(test::smallest_config(model::Architecture::modern, 4), 6);
    model.id = id;  // found, whatever the archive asks for
    return model;
}

inline coding::SeekableSource seekable(ByteSpan archive) {
    return {archive.size(), [archive](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const std::size_t from = std::min<std::uint64_t>(offset, archive.size());
                const std::size_t count = std::min(buffer.size(), archive.size() - from);
                std::copy_n(archive.begin() + static_cast<std::ptrdiff_t>(from), count, buffer.begin());
                return count;
            }};
}

// Whether it claims little enough to be decoded.
inline bool is_small(ByteSpan archive) {
    std::uint64_t plain = 0;
    error_or_result([&] {
        const coding::ByteSource source = coding::source_of(archive);
        coding::ArchiveReader reader(source);
        reader.skip_model();
        for (coding::BlockHeader header; reader.next_block(header); reader.skip_payload()) {
            plain += header.plain_bytes;
        }
    });
    return plain <= kMostPlainBytes;
}

/// Any bytes as an archive: listed, restored, and restored in part.
inline void archive_target(ByteSpan archive) {
    set_thread_count(1);
    if (!is_small(archive)) {
        return;
    }
    const std::vector<coding::Method>& table = test::toy_methods();  // so that format 2 is reached
    error_or_result([&] { (void)coding::list_archive(coding::source_of(archive), table); });
    std::uint64_t written = 0;
    const coding::ByteSink count = [&](ByteSpan bytes) { written += bytes.size(); };
    error_or_result(
        [&] { (void)coding::decompress(fuzz_model_of, coding::source_of(archive), count, {}, {}, table); });
    error_or_result([&] {
        (void)coding::decompress_range(fuzz_model_of, seekable(archive), 100, 200, count, {}, {}, table);
    });
    BITLAW_ASSERT(written <= 3 * kMostPlainBytes);
}

/// Any bytes as a model file; a model is written again to the bytes that it was read from.
inline void model_target(ByteSpan file) {
    error_or_result([&] {
        const model::StoredModel model = model::decode_model(file, "the input");
        const Bytes front = model::encode_model(model.model, model.format, nullptr);
        // But for the flags, and the hash at the end, all bytes up to the training record are the same again.
        BITLAW_ASSERT(front.size() == model.stored_bytes && front.size() <= file.size());
        BITLAW_ASSERT(std::equal(front.begin() + 6, front.end() - 8, file.begin() + 6));
    });
}

inline std::vector<std::uint32_t> table_of(ByteReader& reader) {
    std::vector<std::uint32_t> frequency(2 + reader.u8());
    for (std::uint32_t& f : frequency) {
        const std::uint32_t bits = reader.remaining() > 0 ? reader.u8() : 0;
        f = 1 + (bits % 24 == 23 ? predict::kMaxFrequency - 1 : (bits << bits % 17));
    }
    return frequency;
}

/// Any bytes through the coders: as data they come back, as code they give something. The first byte chooses
/// the alphabet, the next ones its frequencies, the rest is data and code.
inline void coder_target(ByteSpan input) {
    if (input.size() < 2 || input.size() > 4096) {
        return;
    }
    ByteReader reader(input, "the input");
    const std::vector<std::uint32_t> frequency = table_of(reader);
    const ByteSpan rest = reader.bytes(reader.remaining());
    entropy::RangeEncoder encoder;
    for (const std::uint8_t byte : rest) {
        predict::encode_symbol(encoder, frequency, static_cast<symbols::Symbol>(byte % frequency.size()));
    }
    const Bytes code = encoder.finish();
    entropy::RangeDecoder decoder(code);
    for (const std::uint8_t byte : rest) {
        BITLAW_ASSERT(predict::decode_symbol(decoder, frequency) == byte % frequency.size());
    }
    entropy::RangeDecoder wild(rest);
    for (std::size_t i = 0; i < 200; ++i) {
        BITLAW_ASSERT(predict::decode_symbol(wild, frequency) < frequency.size());
    }
    if (!rest.empty()) {
        const predict::PredictorMaker maker = predict::seven_context_predictors();
        const Bytes mixed = coding::encode_streams(maker, rest, 1, {})[0];
        ByteSpan payload = mixed;
        Bytes plain(rest.size());
        coding::decode_streams(maker, {&payload, 1}, plain, {});
        BITLAW_ASSERT(std::equal(rest.begin(), rest.end(), plain.begin()));
        coding::decode_streams(maker, {&rest, 1}, plain, {});
    }
}

/// Any bytes as a training state.
inline void state_target(ByteSpan file) {
    error_or_result([&] { (void)train::decode_state(file, "the input"); });
}

}  // namespace bitlaw::fuzz
