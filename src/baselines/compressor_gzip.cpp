#include <zlib.h>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr int kLevel = 9;
constexpr int kMemory = 8;            // zlib's default, which Python's gzip.compress and so the paper use
constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with a gzip header and trailer

// The library's state, ended whatever happens.
class Deflater {
   public:
    Deflater() {
        const int code =
            ::deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
        if (code != Z_OK) {
            library_failed("zlib", "start", code);
        }
    }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater() { ::deflateEnd(&stream_); }

    void step(ByteSpan piece, bool is_last, Bytes& packed) {
        Bytes buffer(kFeedBytes);
        stream_.next_in = const_cast<Bytef*>(piece.data());
        stream_.avail_in = static_cast<uInt>(piece.size());
        do {
            stream_.next_out = buffer.data();
            stream_.avail_out = static_cast<uInt>(buffer.size());
            const int code = ::deflate(&stream_, is_last ? Z_FINISH : Z_NO_FLUSH);
            if (code == Z_STREAM_ERROR) {
                library_failed("zlib", "compress", code);
            }
            packed.insert(packed.end(), buffer.data(), stream_.next_out);
        } while (stream_.avail_out == 0);
    }

   private:
    z_stream stream_{};
};

Bytes gunzip(ByteSpan packed, std::size_t plain_bytes) {
    z_stream stream{};
    if (const int code = ::inflateInit2(&stream, kGzipWindow); code != Z_OK) {
        library_failed("zlib", "start", code);
    }
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, ::inflateEnd);
    Bytes plain(plain_bytes + 1);  // one more, to see when there is too much
    stream.next_in = const_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = plain.data();
    stream.avail_out = static_cast<uInt>(plain.size());
    if (const int code = ::inflate(&stream, Z_FINISH); code != Z_STREAM_END) {
        library_failed("zlib", "restore what it compressed", code);
    }
    plain.resize(stream.total_out);
    return plain;
}

}  // namespace

Compressor gzip_compressor() {
    return {.key = "gzip",
            .name = "gzip -9",
            .settings = text_of("zlib ", ::zlibVersion(), ", level ", kLevel, ", memory level ", kMemory),
            .compress =
                [](ByteSpan plain, const DataShape&, const CompressorWatch& watch) {
                    Bytes packed;
                    Deflater deflater;
                    feed(plain, watch,
                         [&](ByteSpan piece, bool is_last) { deflater.step(piece, is_last, packed); });
                    return packed;
                },
            .restore = [](ByteSpan packed, std::size_t plain_bytes, const DataShape&,
                          const CompressorWatch&) { return gunzip(packed, plain_bytes); },
            .program_memory = {}};
}

}  // namespace bitlaw::baselines
