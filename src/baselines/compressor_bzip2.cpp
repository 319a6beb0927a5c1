#include <bzlib.h>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr int kBlock = 9;  // 900,000 bytes

class Bzip2 {
   public:
    Bzip2() {
        if (const int code = ::BZ2_bzCompressInit(&stream_, kBlock, 0, 0); code != BZ_OK) {
            library_failed("libbz2", "start", code);
        }
    }
    Bzip2(const Bzip2&) = delete;
    Bzip2& operator=(const Bzip2&) = delete;
    ~Bzip2() { ::BZ2_bzCompressEnd(&stream_); }

    void step(ByteSpan piece, bool is_last, Bytes& packed) {
        Bytes buffer(kFeedBytes);
        stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(piece.data()));
        stream_.avail_in = static_cast<unsigned>(piece.size());
        int code = BZ_RUN_OK;
        do {
            stream_.next_out = reinterpret_cast<char*>(buffer.data());
            stream_.avail_out = static_cast<unsigned>(buffer.size());
            code = ::BZ2_bzCompress(&stream_, is_last ? BZ_FINISH : BZ_RUN);
            if (code < 0) {
                library_failed("libbz2", "compress", code);
            }
            const std::size_t written = buffer.size() - stream_.avail_out;
            packed.insert(packed.end(), buffer.data(), buffer.data() + written);
        } while (is_last ? code != BZ_STREAM_END : stream_.avail_in > 0);
    }

   private:
    bz_stream stream_{};
};

Bytes bunzip2(ByteSpan packed, std::size_t plain_bytes) {
    Bytes plain(plain_bytes + 1);
    auto count = static_cast<unsigned>(plain.size());
    char* const from = const_cast<char*>(reinterpret_cast<const char*>(packed.data()));
    const int code = ::BZ2_bzBuffToBuffDecompress(reinterpret_cast<char*>(plain.data()), &count, from,
                                                  static_cast<unsigned>(packed.size()), 0, 0);
    if (code != BZ_OK) {
        library_failed("libbz2", "restore what it compressed", code);
    }
    plain.resize(count);
    return plain;
}

}  // namespace

Compressor bzip2_compressor() {
    return {.key = "bzip2",
            .name = "bzip2 -9",
            .settings = text_of("libbz2 ", ::BZ2_bzlibVersion(), ", blocks of ", kBlock, "00,000 bytes"),
            .compress =
                [](ByteSpan plain, const DataShape&, const CompressorWatch& watch) {
                    Bytes packed;
                    Bzip2 bzip2;
                    feed(plain, watch,
                         [&](ByteSpan piece, bool is_last) { bzip2.step(piece, is_last, packed); });
                    return packed;
                },
            .restore = [](ByteSpan packed, std::size_t plain_bytes, const DataShape&,
                          const CompressorWatch&) { return bunzip2(packed, plain_bytes); },
            .program_memory = {}};
}

}  // namespace bitlaw::baselines
