#include "bitlaw/studies/audio.hpp"

#include <algorithm>
#include <string_view>

#include "bitlaw/base/error.hpp"

namespace bitlaw {
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

}  // namespace

Sound decode_sound(ByteSpan file) {
    if (starts_with(file, "fLaC")) {
        return decode_flac(file);
    }
    if (starts_with(file, "RIFF")) {
        return decode_wav(file);
    }
    fail(file.empty() ? "the file is empty" : "neither a FLAC nor a WAV by its first bytes");
}

Sound decode_wav(ByteSpan file) {
    if (file.size() < 12 || !starts_with(file.subspan(8), "WAVE")) {
        fail("broken WAV: no WAVE header");
    }
    WavFormat format;
    for (std::size_t at = 12; file.size() - at >= 8;) {
        ByteReader header(file.subspan(at + 4, 4), "the WAV");
        const std::uint32_t bytes = header.u32();
        const ByteSpan rest = file.subspan(at + 8);
        const bool is_data = starts_with(file.subspan(at), "data");
        if (bytes > rest.size()) {
            fail("broken WAV: ", is_data ? "its samples end" : "a chunk ends", " after ", rest.size(), " of ",
                 bytes, " bytes");
        }
        if (starts_with(file.subspan(at), "fmt ")) {
            format = read_format(rest.first(bytes));
        }
        if (is_data) {
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
            if (bytes % 2 != 0) {
                fail("broken WAV: half a sample at the end");
            }
            Sound sound{format.rate, std::vector<std::int16_t>(bytes / 2)};
            for (std::size_t i = 0; i < sound.samples.size(); ++i) {
                sound.samples[i] = static_cast<std::int16_t>(rest[2 * i] | rest[2 * i + 1] << 8);
            }
            return sound;
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

}  // namespace bitlaw
