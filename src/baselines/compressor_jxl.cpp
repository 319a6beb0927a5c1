#include <jxl/decode.h>
#include <jxl/encode.h>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr int kEffort = 9;  // "tortoise", the greatest
/// libjxl 0.7 ends the process on some gray images of few pixels from effort 8 on (its issue 3890: of random
/// ones of one pixel on every second, of 24 pixels on every twentieth, of 32 and more on none of 300), so
/// small images get the effort below.
constexpr std::size_t kSmallPixels = 1024;
constexpr int kSmallEffort = 7;
constexpr JxlPixelFormat kGray8{
    .num_channels = 1, .data_type = JXL_TYPE_UINT8, .endianness = JXL_NATIVE_ENDIAN, .align = 0};

template <class Status>
void check(Status status, const char* what) {
    if (status != Status{}) {  // JXL_ENC_SUCCESS and JXL_DEC_SUCCESS are 0
        library_failed("libjxl", what, static_cast<long>(status));
    }
}

Bytes pack(ByteSpan plain, std::size_t row, const CompressorWatch& watch) {
    watch(0);
    const Picture picture(plain.size(), row);
    Bytes pixels(plain.begin(), plain.end());
    pixels.resize(picture.width * picture.height);
    const std::unique_ptr<JxlEncoder, void (*)(JxlEncoder*)> encoder(::JxlEncoderCreate(nullptr),
                                                                     ::JxlEncoderDestroy);
    if (!encoder) {
        fail("libjxl cannot start; is there memory left?");
    }
    JxlBasicInfo info{};
    ::JxlEncoderInitBasicInfo(&info);
    info.xsize = static_cast<std::uint32_t>(picture.width);
    info.ysize = static_cast<std::uint32_t>(picture.height);
    info.bits_per_sample = 8;
    info.num_color_channels = 1;
    info.uses_original_profile = JXL_TRUE;  // lossless: no other colour space in between
    check(::JxlEncoderSetBasicInfo(encoder.get(), &info), "take the image's size");
    // Above 2^18 rows the format asks for its higher level.
    if (::JxlEncoderGetRequiredCodestreamLevel(encoder.get()) == 10) {
        check(::JxlEncoderSetCodestreamLevel(encoder.get(), 10), "take so large an image");
    }
    JxlColorEncoding colour{};
    ::JxlColorEncodingSetToSRGB(&colour, JXL_TRUE);
    check(::JxlEncoderSetColorEncoding(encoder.get(), &colour), "take gray pixels");
    JxlEncoderFrameSettings* const settings = ::JxlEncoderFrameSettingsCreate(encoder.get(), nullptr);
    check(::JxlEncoderSetFrameLossless(settings, JXL_TRUE), "be lossless");
    check(::JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_EFFORT,
                                             pixels.size() < kSmallPixels ? kSmallEffort : kEffort),
          "use its effort");
    check(::JxlEncoderAddImageFrame(settings, &kGray8, pixels.data(), pixels.size()), "take the image");
    ::JxlEncoderCloseInput(encoder.get());
    Bytes packed(4096);
    std::size_t done = 0;
    for (auto status = JXL_ENC_NEED_MORE_OUTPUT; status != JXL_ENC_SUCCESS;) {
        std::uint8_t* to = packed.data() + done;
        std::size_t room = packed.size() - done;
        status = ::JxlEncoderProcessOutput(encoder.get(), &to, &room);
        done = packed.size() - room;
        if (status == JXL_ENC_NEED_MORE_OUTPUT) {
            packed.resize(packed.size() * 2);
        } else {
            check(status, "compress");
        }
    }
    packed.resize(done);
    watch(plain.size());
    return packed;
}

Bytes unpack(ByteSpan packed, std::size_t plain_bytes, std::size_t row) {
    const Picture picture(plain_bytes, row);
    const std::unique_ptr<JxlDecoder, void (*)(JxlDecoder*)> decoder(::JxlDecoderCreate(nullptr),
                                                                     ::JxlDecoderDestroy);
    if (!decoder) {
        fail("libjxl cannot start; is there memory left?");
    }
    check(::JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_FULL_IMAGE), "start");
    check(::JxlDecoderSetInput(decoder.get(), packed.data(), packed.size()), "start");
    ::JxlDecoderCloseInput(decoder.get());
    Bytes pixels(picture.width * picture.height);
    for (JxlDecoderStatus status = ::JxlDecoderProcessInput(decoder.get()); status != JXL_DEC_SUCCESS;
         status = ::JxlDecoderProcessInput(decoder.get())) {
        if (status == JXL_DEC_NEED_IMAGE_OUT_BUFFER) {
            check(::JxlDecoderSetImageOutBuffer(decoder.get(), &kGray8, pixels.data(), pixels.size()),
                  "restore an image of this size");
        } else if (status != JXL_DEC_FULL_IMAGE) {
            check(status, "restore what it compressed");
        }
    }
    pixels.resize(plain_bytes);
    return pixels;
}

std::string version() {
    const std::uint32_t v = ::JxlEncoderVersion();
    return text_of(v / 1'000'000, ".", v / 1000 % 1000, ".", v % 1000);
}

}  // namespace

Compressor jxl_compressor() {
    return {.key = "jxl",
            .name = "JPEG XL",
            .settings = text_of("libjxl ", version(), ", lossless, effort ", kEffort, " (", kSmallEffort,
                                " below ", kSmallPixels, " pixels), rows of 64 or as the data have"),
            .compress = [](ByteSpan plain, const DataShape& shape,
                           const CompressorWatch& watch) { return pack(plain, shape.row_bytes, watch); },
            .restore = [](ByteSpan packed, std::size_t plain_bytes, const DataShape& shape,
                          const CompressorWatch&) { return unpack(packed, plain_bytes, shape.row_bytes); },
            .program_memory = {}};
}

}  // namespace bitlaw::baselines
