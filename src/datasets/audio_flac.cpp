#include <FLAC/format.h>
#include <FLAC/stream_decoder.h>

#include <algorithm>
#include <memory>
#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/datasets/audio.hpp"

namespace bitlaw::datasets {
namespace {

struct Free {
    void operator()(FLAC__StreamDecoder* decoder) const { ::FLAC__stream_decoder_delete(decoder); }
};

// What the decoder's callbacks work on. They must not throw: libFLAC is C.
struct Reading {
    ByteSpan file;
    std::size_t at = 0;
    Sound sound;
    std::uint64_t decoded = 0;  // bytes up to the end of the last whole frame
    std::string reason;         // of the first failure
};

Reading& reading_of(void* data) { return *static_cast<Reading*>(data); }

FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder*, FLAC__byte* to, std::size_t* count,
                                      void* data) {
    Reading& r = reading_of(data);
    *count = std::min(*count, r.file.size() - r.at);
    std::copy_n(r.file.data() + r.at, *count, to);
    r.at += *count;
    return *count == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM
                       : FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

FLAC__StreamDecoderTellStatus on_tell(const FLAC__StreamDecoder*, FLAC__uint64* at, void* data) {
    *at = reading_of(data).at;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

FLAC__StreamDecoderWriteStatus on_write(const FLAC__StreamDecoder* decoder, const FLAC__Frame* frame,
                                        const FLAC__int32* const channels[], void* data) {
    Reading& r = reading_of(data);
    try {
        const FLAC__FrameHeader& header = frame->header;
        if (header.channels != 1) {
            r.reason = text_of("it has ", header.channels, " channels, not one");
        } else if (header.bits_per_sample != 16) {
            r.reason = text_of("it has ", header.bits_per_sample, " bits a sample, not 16");
        } else if (r.sound.samples.size() + header.blocksize > kMostSamples) {
            r.reason = text_of("it has more than ", kMostSamples, " samples; cut it into pieces");
        } else {
            r.sound.rate = header.sample_rate;
            ::FLAC__stream_decoder_get_decode_position(decoder, &r.decoded);
            std::transform(channels[0], channels[0] + header.blocksize, std::back_inserter(r.sound.samples),
                           [](FLAC__int32 sample) { return static_cast<std::int16_t>(sample); });
            return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
        }
    } catch (const std::exception& error) {
        r.reason = error.what();
    }
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
}

void on_error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus status, void* data) {
    Reading& r = reading_of(data);
    if (r.reason.empty()) {
        r.reason =
            std::string("broken FLAC: ") +
            (status == FLAC__STREAM_DECODER_ERROR_STATUS_FRAME_CRC_MISMATCH ? "a frame's checksum differs"
             : status == FLAC__STREAM_DECODER_ERROR_STATUS_LOST_SYNC
                 ? "a frame is damaged or cut off, or something else stands between frames"
             : status == FLAC__STREAM_DECODER_ERROR_STATUS_BAD_HEADER
                 ? "a frame's header is damaged"
                 : "a frame is of a kind that this libFLAC does not know");
    }
}

}  // namespace

Sound decode_flac(ByteSpan file) {
    const std::unique_ptr<FLAC__StreamDecoder, Free> decoder(::FLAC__stream_decoder_new());
    Reading reading{.file = file, .at = 0, .sound = {}, .decoded = 0, .reason = {}};
    if (!decoder || !::FLAC__stream_decoder_set_md5_checking(decoder.get(), 1) ||
        ::FLAC__stream_decoder_init_stream(decoder.get(), on_read, nullptr, on_tell, nullptr, nullptr,
                                           on_write, nullptr, on_error,
                                           &reading) != FLAC__STREAM_DECODER_INIT_STATUS_OK) {
        fail("libFLAC cannot start; is there memory left?");
    }
    const bool processed = ::FLAC__stream_decoder_process_until_end_of_metadata(decoder.get()) != 0 &&
                           ::FLAC__stream_decoder_get_decode_position(decoder.get(), &reading.decoded) != 0 &&
                           ::FLAC__stream_decoder_process_until_end_of_stream(decoder.get()) != 0;
    const std::uint64_t claimed = ::FLAC__stream_decoder_get_total_samples(decoder.get());
    // finish() compares the samples' MD5 with the file's.
    const bool intact = ::FLAC__stream_decoder_finish(decoder.get()) != 0;
    if (!reading.reason.empty()) {
        throw Error(reading.reason);
    }
    // A stream claims 0 samples: nobody knew how many would come.
    if (claimed != 0 && claimed != reading.sound.samples.size()) {
        fail("broken FLAC: it ends after ", reading.sound.samples.size(), " of ", claimed, " samples");
    }
    if (!processed || reading.decoded != file.size()) {
        fail("broken FLAC: it ends inside a frame or a header, after ", reading.sound.samples.size(),
             " samples");
    }
    if (!intact) {
        fail("broken FLAC: the samples' MD5 differs from the file's");
    }
    return std::move(reading.sound);
}

std::string sound_decoders() { return std::string("libFLAC ") + FLAC__VERSION_STRING; }

}  // namespace bitlaw::datasets
