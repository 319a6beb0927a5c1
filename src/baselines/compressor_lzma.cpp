#include <lzma.h>

#include <array>
#include <bit>

#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr std::uint32_t kPreset = 9 | LZMA_PRESET_EXTREME;

// Clearing the match finder's tables for the preset's 64 MiB takes a hundred times longer than compressing a
// chunk. A dictionary greater than the data finds nothing more, so small data get a small one.
constexpr std::size_t kSmallData = 1 << 16;

struct Filters {
    explicit Filters(std::size_t plain_bytes) {
        if (::lzma_lzma_preset(&options, kPreset)) {
            library_failed("liblzma", "use its preset", 9);
        }
        if (plain_bytes <= kSmallData) {
            options.dict_size = kSmallData;
        }
        list = {
            {{.id = LZMA_FILTER_LZMA2, .options = &options}, {.id = LZMA_VLI_UNKNOWN, .options = nullptr}}};
    }
    Filters(const Filters&) = delete;
    Filters& operator=(const Filters&) = delete;
    lzma_options_lzma options{};
    std::array<lzma_filter, 2> list{};
};

class Lzma {
   public:
    Lzma() = default;
    Lzma(const Lzma&) = delete;
    Lzma& operator=(const Lzma&) = delete;
    ~Lzma() { ::lzma_end(&stream); }

    static void check(lzma_ret code, const char* what) {
        if (code != LZMA_OK && code != LZMA_STREAM_END) {
            library_failed("liblzma", what, code);
        }
    }

    void step(ByteSpan piece, bool is_last, Bytes& packed) {
        Bytes buffer(kFeedBytes);
        stream.next_in = piece.data();
        stream.avail_in = piece.size();
        lzma_ret code = LZMA_OK;
        do {
            stream.next_out = buffer.data();
            stream.avail_out = buffer.size();
            code = ::lzma_code(&stream, is_last ? LZMA_FINISH : LZMA_RUN);
            check(code, "compress");
            packed.insert(packed.end(), buffer.data(), stream.next_out);
        } while (is_last ? code != LZMA_STREAM_END : stream.avail_in > 0);
    }

    lzma_stream stream = LZMA_STREAM_INIT;
};

template <bool raw>
Bytes pack(ByteSpan plain, const CompressorWatch& watch) {
    Filters filters(plain.size());
    Lzma lzma;
    Lzma::check(raw ? ::lzma_raw_encoder(&lzma.stream, filters.list.data())
                    : ::lzma_stream_encoder(&lzma.stream, filters.list.data(), LZMA_CHECK_CRC64),
                "start");
    Bytes packed;
    feed(plain, watch, [&](ByteSpan piece, bool is_last) { lzma.step(piece, is_last, packed); });
    return packed;
}

template <bool raw>
Bytes unpack(ByteSpan packed, std::size_t plain_bytes) {
    Filters filters(plain_bytes);
    Lzma lzma;
    Lzma::check(raw ? ::lzma_raw_decoder(&lzma.stream, filters.list.data())
                    : ::lzma_stream_decoder(&lzma.stream, UINT64_MAX, 0),
                "start");
    Bytes plain(plain_bytes + 1);
    lzma.stream.next_in = packed.data();
    lzma.stream.avail_in = packed.size();
    lzma.stream.next_out = plain.data();
    lzma.stream.avail_out = plain.size();
    const lzma_ret code = ::lzma_code(&lzma.stream, LZMA_FINISH);
    if (code != LZMA_STREAM_END) {
        library_failed("liblzma", "restore what it compressed", code);
    }
    plain.resize(lzma.stream.total_out);
    return plain;
}

template <bool raw>
Compressor compressor(const char* key, const char* name, const char* container) {
    return {.key = key,
            .name = name,
            .settings = text_of("liblzma ", ::lzma_version_string(),
                                ", preset 9e, dictionary 64 MiB (64 KiB for "
                                "data of at most 64 KiB), ",
                                container),
            .compress = [](ByteSpan plain, const DataShape&,
                           const CompressorWatch& watch) { return pack<raw>(plain, watch); },
            .restore = [](ByteSpan packed, std::size_t plain_bytes, const DataShape&,
                          const CompressorWatch&) { return unpack<raw>(packed, plain_bytes); },
            .program_memory = {}};
}

}  // namespace

Compressor xz_compressor() { return compressor<false>("xz", "xz -9e", "a .xz file with CRC64"); }

Compressor lzma2_compressor() { return compressor<true>("lzma2", "LZMA2 -9e", "without a container"); }

}  // namespace bitlaw::baselines
