#include <FLAC/format.h>
#include <FLAC/stream_decoder.h>
#include <FLAC/stream_encoder.h>

#include <exception>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr unsigned kLevel = 8;
constexpr unsigned kRate = 16'000;  // LibriSpeech's; it is written into the header and changes nothing else

struct FreeEncoder {
    void operator()(FLAC__StreamEncoder* encoder) const { ::FLAC__stream_encoder_delete(encoder); }
};
struct FreeDecoder {
    void operator()(FLAC__StreamDecoder* decoder) const { ::FLAC__stream_decoder_delete(decoder); }
};

// A file in memory: the encoder goes back to its front at the end, to write lengths and the samples' MD5.
// Callbacks must not throw: libFLAC is C.
struct Packed {
    Bytes bytes;
    std::size_t at = 0;
};

FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder*, const FLAC__byte* from, std::size_t count,
                                        std::uint32_t, std::uint32_t, void* data) {
    Packed& packed = *static_cast<Packed*>(data);
    try {
        packed.bytes.resize(std::max(packed.bytes.size(), packed.at + count));
    } catch (const std::exception&) {
        return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    }
    std::copy_n(from, count, packed.bytes.begin() + static_cast<std::ptrdiff_t>(packed.at));
    packed.at += count;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder*, FLAC__uint64 to, void* data) {
    static_cast<Packed*>(data)->at = static_cast<std::size_t>(to);
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder*, FLAC__uint64* at, void* data) {
    *at = static_cast<Packed*>(data)->at;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

// Unsigned bytes around 128, or signed little-endian pairs of bytes, of which the last may be filled up.
std::vector<FLAC__int32> samples_of(ByteSpan plain, bool wide) {
    std::vector<FLAC__int32> samples(wide ? (plain.size() + 1) / 2 : plain.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (wide) {
            const unsigned high = 2 * i + 1 < plain.size() ? plain[2 * i + 1] : 0u;
            samples[i] = static_cast<std::int16_t>(plain[2 * i] | high << 8);
        } else {
            samples[i] = plain[i] - 128;
        }
    }
    return samples;
}

Bytes pack(ByteSpan plain, bool wide, const CompressorWatch& watch) {
    const std::unique_ptr<FLAC__StreamEncoder, FreeEncoder> encoder(::FLAC__stream_encoder_new());
    Packed packed;
    const std::vector<FLAC__int32> samples = samples_of(plain, wide);
    FLAC__StreamEncoder* const e = encoder.get();
    if (e == nullptr || !::FLAC__stream_encoder_set_channels(e, 1) ||
        !::FLAC__stream_encoder_set_bits_per_sample(e, wide ? 16 : 8) ||
        !::FLAC__stream_encoder_set_sample_rate(e, kRate) ||
        !::FLAC__stream_encoder_set_compression_level(e, kLevel) ||
        !::FLAC__stream_encoder_set_total_samples_estimate(e, samples.size()) ||
        ::FLAC__stream_encoder_init_stream(e, on_write, on_seek, on_tell, nullptr, &packed) !=
            FLAC__STREAM_ENCODER_INIT_STATUS_OK) {
        fail("libFLAC cannot start; is there memory left?");
    }
    const std::size_t sample_bytes = wide ? 2 : 1;
    for (std::size_t at = 0; at < samples.size(); at += kFeedBytes) {
        watch(at * sample_bytes);
        const auto count = static_cast<std::uint32_t>(std::min(kFeedBytes, samples.size() - at));
        if (!::FLAC__stream_encoder_process_interleaved(e, samples.data() + at, count)) {
            library_failed("libFLAC", "compress", ::FLAC__stream_encoder_get_state(e));
        }
    }
    if (!::FLAC__stream_encoder_finish(e)) {
        library_failed("libFLAC", "finish", ::FLAC__stream_encoder_get_state(e));
    }
    watch(plain.size());
    return std::move(packed.bytes);
}

struct Unpacking {
    ByteSpan packed;
    std::size_t at = 0;
    bool wide = false;
    Bytes plain;
};

Bytes unpack(ByteSpan packed, std::size_t plain_bytes, bool wide) {
    const std::unique_ptr<FLAC__StreamDecoder, FreeDecoder> decoder(::FLAC__stream_decoder_new());
    Unpacking work{packed, 0, wide, {}};
    const auto on_read = [](const FLAC__StreamDecoder*, FLAC__byte* to, std::size_t* count, void* data) {
        Unpacking& w = *static_cast<Unpacking*>(data);
        *count = std::min(*count, w.packed.size() - w.at);
        std::copy_n(w.packed.data() + w.at, *count, to);
        w.at += *count;
        return *count == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM
                           : FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
    };
    const auto take = [](const FLAC__StreamDecoder*, const FLAC__Frame* frame,
                         const FLAC__int32* const channels[], void* data) {
        Unpacking& w = *static_cast<Unpacking*>(data);
        try {
            for (std::uint32_t i = 0; i < frame->header.blocksize; ++i) {
                const FLAC__int32 sample = channels[0][i];
                if (w.wide) {
                    w.plain.push_back(static_cast<std::uint8_t>(sample & 0xFF));
                    w.plain.push_back(static_cast<std::uint8_t>(sample >> 8 & 0xFF));
                } else {
                    w.plain.push_back(static_cast<std::uint8_t>(sample + 128));
                }
            }
        } catch (const std::exception&) {
            return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
        }
        return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
    };
    const auto on_error = [](const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus, void*) {};
    if (!decoder || !::FLAC__stream_decoder_set_md5_checking(decoder.get(), 1) ||
        ::FLAC__stream_decoder_init_stream(decoder.get(), on_read, nullptr, nullptr, nullptr, nullptr, take,
                                           nullptr, on_error, &work) != FLAC__STREAM_DECODER_INIT_STATUS_OK ||
        !::FLAC__stream_decoder_process_until_end_of_stream(decoder.get()) ||
        !::FLAC__stream_decoder_finish(decoder.get())) {
        fail("libFLAC cannot restore what it compressed; is there memory left?");
    }
    work.plain.resize(std::min(work.plain.size(), plain_bytes));
    return std::move(work.plain);
}

Compressor compressor(const char* key, const char* name, bool wide) {
    return {
        .key = key,
        .name = name,
        .settings = text_of("libFLAC ", FLAC__VERSION_STRING, ", level ", kLevel,
                            wide ? ", samples of 16 bits" : ", bytes as samples of 8 bits", ", one channel"),
        .compress = [wide](ByteSpan plain, const DataShape&,
                           const CompressorWatch& watch) { return pack(plain, wide, watch); },
        .restore = [wide](ByteSpan packed, std::size_t plain_bytes, const DataShape&,
                          const CompressorWatch&) { return unpack(packed, plain_bytes, wide); },
        .applies = [wide](const DataShape& shape) { return !wide || shape.sample_bytes == 2; },
        .program_memory = {}};
}

}  // namespace

Compressor flac_compressor() { return compressor("flac", "FLAC -8", false); }

Compressor wide_flac_compressor() { return compressor("flac16", "FLAC -8 (16 bit)", true); }

}  // namespace bitlaw::baselines
