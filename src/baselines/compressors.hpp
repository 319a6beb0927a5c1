#pragma once
/// \file One function a library; all_compressors() joins them.

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/baselines/compressor.hpp"

namespace bitlaw::baselines {

[[nodiscard]] Compressor gzip_compressor();
[[nodiscard]] Compressor bzip2_compressor();
[[nodiscard]] Compressor xz_compressor();
[[nodiscard]] Compressor lzma2_compressor();
[[nodiscard]] Compressor zstd_compressor();
[[nodiscard]] Compressor brotli_compressor();
[[nodiscard]] Compressor ppmd_compressor();
[[nodiscard]] Compressor own_compressor();
[[nodiscard]] Compressor png_compressor();
[[nodiscard]] Compressor narrow_png_compressor();
[[nodiscard]] Compressor jxl_compressor();
[[nodiscard]] Compressor flac_compressor();
[[nodiscard]] Compressor wide_flac_compressor();

/// Bytes given to a library at once: often enough to stop, seldom enough to cost nothing.
inline constexpr std::size_t kFeedBytes = 1 << 18;

/// Throws Error that `library` failed in doing `what`.
[[noreturn]] inline void library_failed(const char* library, const char* what, long code) {
    fail(library, " cannot ", what, " (code ", code, "); is there memory left?");
}

/// Width and height of bytes seen as an image of rows of `row` bytes, of which the last one may be filled up
/// with zeros; fewer bytes than a row make one shorter row.
struct Picture {
    Picture(std::size_t bytes, std::size_t row)
        : width(std::max<std::size_t>(1, std::min(bytes, row))), height((bytes + width - 1) / width) {}
    std::size_t width;
    std::size_t height;
};

/// Feeds `plain` in pieces to a library with next-in/avail-in streams. `step(piece, is_last)` must take the
/// whole piece.
template <class Step>
void feed(ByteSpan plain, const CompressorWatch& watch, const Step& step) {
    std::size_t at = 0;
    do {
        watch(at);
        const ByteSpan piece = plain.subspan(at, std::min(kFeedBytes, plain.size() - at));
        at += piece.size();
        step(piece, at == plain.size());
    } while (at < plain.size());
    watch(at);
}

}  // namespace bitlaw::baselines
