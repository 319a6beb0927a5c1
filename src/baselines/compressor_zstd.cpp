#include <zstd.h>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr int kLevel = 22;
constexpr int kWindowLog = 27;  // 128 MiB, as --long=27; more would have to be allowed when restoring

std::size_t checked(std::size_t result, const char* what) {
    if (::ZSTD_isError(result) != 0) {
        fail("zstd cannot ", what, ": ", ::ZSTD_getErrorName(result));
    }
    return result;
}

Bytes pack(ByteSpan plain, const CompressorWatch& watch) {
    const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(::ZSTD_createCCtx(),
                                                                          ::ZSTD_freeCCtx);
    if (!context) {
        fail("zstd cannot start; is there memory left?");
    }
    const auto set = [&](ZSTD_cParameter parameter, int value) {
        checked(::ZSTD_CCtx_setParameter(context.get(), parameter, value), "use its settings");
    };
    set(ZSTD_c_compressionLevel, kLevel);
    set(ZSTD_c_enableLongDistanceMatching, 1);
    set(ZSTD_c_windowLog, kWindowLog);
    set(ZSTD_c_checksumFlag, 1);  // as the tool does
    checked(::ZSTD_CCtx_setPledgedSrcSize(context.get(), plain.size()), "start");
    Bytes packed;
    Bytes buffer(kFeedBytes);
    feed(plain, watch, [&](ByteSpan piece, bool is_last) {
        ZSTD_inBuffer in{piece.data(), piece.size(), 0};
        std::size_t left = 0;
        do {
            ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
            left = checked(
                ::ZSTD_compressStream2(context.get(), &out, &in, is_last ? ZSTD_e_end : ZSTD_e_continue),
                "compress");
            packed.insert(packed.end(), buffer.data(), buffer.data() + out.pos);
        } while (is_last ? left > 0 : in.pos < in.size);
    });
    return packed;
}

Bytes unpack(ByteSpan packed, std::size_t plain_bytes) {
    Bytes plain(plain_bytes + 1);
    plain.resize(checked(::ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size()),
                         "restore what it compressed"));
    return plain;
}

}  // namespace

Compressor zstd_compressor() {
    return {.key = "zstd",
            .name = "zstd -22",
            .settings = text_of("zstd ", ::ZSTD_versionString(), ", level ", kLevel,
                                ", long-distance matching, window 2^", kWindowLog, " bytes, checksum"),
            .compress = [](ByteSpan plain, const DataShape&,
                           const CompressorWatch& watch) { return pack(plain, watch); },
            .restore = [](ByteSpan packed, std::size_t plain_bytes, const DataShape&,
                          const CompressorWatch&) { return unpack(packed, plain_bytes); },
            .program_memory = {}};
}

}  // namespace bitlaw::baselines
