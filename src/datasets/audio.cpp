#include "bitlaw/datasets/audio.hpp"

#include <algorithm>
#include <string_view>

#include "bitlaw/base/error.hpp"

namespace bitlaw::datasets {
namespace {

bool starts_with(ByteSpan file, std::string_view magic) {
    return file.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), file.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// Formats of a WAV file's samples; the second one says in a longer header what they are.
constexpr std::uint16_t kPcm = 1;
constexpr std::uint16_t kExtensible = 0xFFFE;

struct WavFormat {
    std::uint16_t format = 0;
    std::uint16_t channels = 0;
    std::uint32_t rate = 0;
    std::uint16_t bits = 0;
};

WavFormat read_format(ByteSpan chunk) {
    ByteReader reader(chunk, "the WAV's format");
    WavFormat f;
    f.format = reader.u16();
    f.channels = reader.u16();
    f.rate = reader.u32();
    reader.u32();  // bytes a second
    reader.u16();  // bytes of all channels' samples
    f.bits = reader.u16();
    if (f.format == kExtensible) {
        reader.u16();  // length of what follows
        reader.u16();  // valid bits
        reader.u32();  // which loudspeakers
        f.format = reader.u16();
    }
    return f;
}

// The sound without the tags that taggers put around it: ID3v2 in front ("ID3", version, flags, length in 7
// bits a byte, and a second header at the end where a flag says so: ID3v2.4.0, section 3.1), 128 bytes of
// ID3v1 behind.
ByteSpan without_tags(ByteSpan file) {
    constexpr std::size_t kHeader = 10;
    constexpr std::size_t kOldTag = 128;
    while (starts_with(file, "ID3")) {
        if (file.size() < kHeader) {
            fail("broken ID3 tag: it ends in its header");
        }
        const std::size_t length =
            (file[6] & 0x7FU) << 21 | (file[7] & 0x7FU) << 14 | (file[8] & 0x7FU) << 7 | (file[9] & 0x7FU);
        const std::size_t whole = length + kHeader * ((file[5] & 0x10U) != 0 ? 2 : 1);
        if (whole > file.size()) {
            fail("broken ID3 tag: it ends after ", file.size(), " of ", whole, " bytes");
        }
        file = file.subspan(whole);
    }
    const bool has_old_tag = file.size() >= kOldTag && starts_with(file.last(kOldTag), "TAG");
    return has_old_tag ? file.first(file.size() - kOldTag) : file;
}

// What a program writes that cannot come back to the header, such as into a pipe: the limit of 31 or 32 bits,
// with or without some bytes of headers (ffmpeg 0xFFFFFFFF, sox 0x7FFFF000, opusdec 0x7FFFFFFF, arecord
// 0x80000000).
bool is_left_open(std::uint64_t bytes) {
    constexpr std::uint64_t kPage = 0x1000;
    return (bytes >= 0x7FFFFFFF - kPage && bytes <= 0x80000000 + kPage) ||
           (bytes >= 0xFFFFFFFF - kPage && bytes <= 0xFFFFFFFF) || bytes == ~std::uint64_t{0};
}

// Whether chunks follow to the very end, as behind an empty chunk of samples.
bool are_chunks(ByteSpan rest) {
    while (rest.size() >= 8) {
        const bool has_name =
            std::all_of(rest.begin(), rest.begin() + 4, [](std::uint8_t c) { return c >= 0x20 && c < 0x7F; });
        const std::uint64_t bytes = ByteReader(rest.subspan(4, 4), "the WAV").u32();
        if (!has_name || bytes > rest.size() - 8) {
            return false;
        }
        rest = rest.subspan(8 + std::min<std::size_t>(bytes + bytes % 2, rest.size() - 8));
    }
    return rest.empty();
}

// Bytes of samples, of which the header says `stated`: 0 too is what a program writes that means to come
// back.
std::size_t sample_bytes(std::uint64_t stated, ByteSpan rest) {
    const bool is_open = stated == 0 ? !are_chunks(rest) : stated > rest.size() && is_left_open(stated);
    if (!is_open && stated > rest.size()) {
        fail("broken WAV: its samples end after ", rest.size(), " of ", stated, " bytes");
    }
    return is_open ? rest.size() : static_cast<std::size_t>(stated);
}

Sound decode_samples(const WavFormat& format, ByteSpan bytes) {
    if (format.format == 0) {
        fail("broken WAV: samples come before their format");
    }
    if (format.format != kPcm) {
        fail("its WAV format ", format.format, " is not plain PCM");
    }
    if (format.channels != 1) {
        fail("it has ", format.channels, " channels, not one");
    }
    if (format.bits != 16) {
        fail("it has ", format.bits, " bits a sample, not 16");
    }
    if (bytes.size() % 2 != 0) {
        fail("broken WAV: half a sample at the end");
    }
    Sound sound{format.rate, std::vector<std::int16_t>(bytes.size() / 2)};
    for (std::size_t i = 0; i < sound.samples.size(); ++i) {
        sound.samples[i] = static_cast<std::int16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
    }
    return sound;
}

}  // namespace

Sound decode_sound(ByteSpan file) {
    file = without_tags(file);
    if (starts_with(file, "fLaC")) {
        return decode_flac(file);
    }
    if (starts_with(file, "RIFF") || starts_with(file, "RF64") || starts_with(file, "BW64")) {
        return decode_wav(file);
    }
    fail(file.empty() ? "the file is empty" : "neither a FLAC nor a WAV by its first bytes");
}

Sound decode_wav(ByteSpan file) {
    if (file.size() < 12 || !starts_with(file.subspan(8), "WAVE")) {
        fail("broken WAV: no WAVE header");
    }
    WavFormat format;
    // RF64 and BW64 state the samples' length in a chunk of their own (EBU Tech 3306).
    std::uint64_t long_bytes = ~std::uint64_t{0};
    for (std::size_t at = 12; file.size() - at >= 8;) {
        const std::uint32_t bytes = ByteReader(file.subspan(at + 4, 4), "the WAV").u32();
        const ByteSpan rest = file.subspan(at + 8);
        if (starts_with(file.subspan(at), "data")) {
            const bool is_long = bytes == 0xFFFFFFFF && long_bytes != ~std::uint64_t{0};
            return decode_samples(format, rest.first(sample_bytes(is_long ? long_bytes : bytes, rest)));
        }
        if (bytes > rest.size()) {
            fail("broken WAV: a chunk ends after ", rest.size(), " of ", bytes, " bytes");
        }
        if (starts_with(file.subspan(at), "fmt ")) {
            format = read_format(rest.first(bytes));
        }
        if (starts_with(file.subspan(at), "ds64")) {
            ByteReader reader(rest.first(bytes), "the WAV's lengths");
            reader.u64();  // of the whole file
            long_bytes = reader.u64();
        }
        // Chunks begin at even bytes.
        at += 8 + std::min<std::size_t>(std::size_t{bytes} + bytes % 2, rest.size());
    }
    fail("broken WAV: it has no samples");
}

Bytes to_8_bit(const Sound& sound) {
    Bytes bytes(sound.samples.size());
    std::transform(sound.samples.begin(), sound.samples.end(), bytes.begin(),
                   [](std::int16_t s) { return static_cast<std::uint8_t>((s >> 8) + 128); });
    return bytes;
}

Bytes to_16_bit(const Sound& sound) {
    ByteWriter writer;
    for (const std::int16_t sample : sound.samples) {
        writer.u16(static_cast<std::uint16_t>(sample));
    }
    return writer.take();
}

}  // namespace bitlaw::datasets
