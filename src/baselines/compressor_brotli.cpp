#include <brotli/decode.h>
#include <brotli/encode.h>

#include <limits>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr std::uint32_t kQuality = 11;
constexpr std::uint32_t kWindow = 24;  // 16 MiB, the most that every decoder takes

Bytes pack(ByteSpan plain, const CompressorWatch& watch) {
    const std::unique_ptr<BrotliEncoderState, void (*)(BrotliEncoderState*)> state(
        ::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), ::BrotliEncoderDestroyInstance);
    if (!state) {
        fail("brotli cannot start; is there memory left?");
    }
    ::BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_QUALITY, kQuality);
    ::BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_LGWIN, kWindow);
    const std::size_t hint = std::min<std::size_t>(plain.size(), std::numeric_limits<std::uint32_t>::max());
    ::BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_SIZE_HINT, static_cast<std::uint32_t>(hint));
    Bytes packed;
    Bytes buffer(kFeedBytes);
    feed(plain, watch, [&](ByteSpan piece, bool is_last) {
        std::size_t left = piece.size();
        const std::uint8_t* from = piece.data();
        do {
            std::size_t room = buffer.size();
            std::uint8_t* to = buffer.data();
            if (::BrotliEncoderCompressStream(state.get(),
                                              is_last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS,
                                              &left, &from, &room, &to, nullptr) == BROTLI_FALSE) {
                fail("brotli cannot compress; is there memory left?");
            }
            packed.insert(packed.end(), buffer.data(), to);
        } while (left > 0 || ::BrotliEncoderHasMoreOutput(state.get()) != BROTLI_FALSE ||
                 (is_last && ::BrotliEncoderIsFinished(state.get()) == BROTLI_FALSE));
    });
    return packed;
}

Bytes unpack(ByteSpan packed, std::size_t plain_bytes) {
    Bytes plain(plain_bytes + 1);
    std::size_t count = plain.size();
    const BrotliDecoderResult result =
        ::BrotliDecoderDecompress(packed.size(), packed.data(), &count, plain.data());
    if (result != BROTLI_DECODER_RESULT_SUCCESS) {
        library_failed("brotli", "restore what it compressed", result);
    }
    plain.resize(count);
    return plain;
}

std::string version() {
    const std::uint32_t v = ::BrotliEncoderVersion();
    return text_of(v >> 24, ".", v >> 12 & 0xFFF, ".", v & 0xFFF);
}

}  // namespace

Compressor brotli_compressor() {
    return {
        .key = "brotli",
        .name = "brotli -11",
        .settings = text_of("brotli ", version(), ", quality ", kQuality, ", window 2^", kWindow, " bytes"),
        .compress = [](ByteSpan plain, const DataShape&,
                       const CompressorWatch& watch) { return pack(plain, watch); },
        .restore = [](ByteSpan packed, std::size_t plain_bytes, const DataShape&,
                      const CompressorWatch&) { return unpack(packed, plain_bytes); },
        .program_memory = {}};
}

}  // namespace bitlaw::baselines
