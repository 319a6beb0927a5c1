#include <doctest/doctest.h>

#include "bitlaw/base/error.hpp"
#include "bitlaw/studies/audio.hpp"
#include "bitlaw/studies/compressor.hpp"
#include "support/message.hpp"
#include "support/pictures.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::wav_file;

namespace {

std::string refusal(const Bytes& file) {
    return message_of<Error>([&] { (void)decode_sound(file); });
}

// A tone with a little noise: 16-bit samples as bytes.
Bytes tone(std::size_t samples) {
    ByteWriter writer;
    std::uint32_t x = 1;
    for (std::size_t i = 0; i < samples; ++i) {
        x = x * 1664525 + 1013904223;
        const int wave = static_cast<int>(i % 64) * 500 - 16000;
        writer.u16(static_cast<std::uint16_t>(wave + static_cast<int>(x >> 26)));
    }
    return writer.take();
}

// `bytes` as the FLAC file that a compressor makes of them.
Bytes flac_file(const Bytes& bytes, const std::string& key) {
    const DataShape shape{.row_bytes = 64, .sample_bytes = key == "flac16" ? 2u : 1u};
    return choose_compressors({key})[0].compress(bytes, shape, [](std::uint64_t) {});
}

}  // namespace

TEST_CASE("audio: 16-bit samples become unsigned bytes as in the paper's code, or two bytes") {
    const Sound sound{16'000, {-32768, -32513, -32512, -257, -256, -1, 0, 1, 255, 256, 32767}};
    CHECK(to_8_bit(sound) == Bytes{0, 0, 1, 126, 127, 127, 128, 128, 128, 129, 255});
    CHECK(to_16_bit({16'000, {1, -2, 0x1234}}) == Bytes{1, 0, 0xFE, 0xFF, 0x34, 0x12});
}

TEST_CASE("audio: WAV, plain and extensible, with other chunks before the samples") {
    const Bytes samples = tone(1000);
    for (const bool is_extensible : {false, true}) {
        for (const bool has_odd_chunk : {false, true}) {
            const Sound sound = decode_sound(wav_file(1, 16, samples, is_extensible, has_odd_chunk));
            CHECK(sound.rate == 16'000);
            CHECK(to_16_bit(sound) == samples);
        }
    }
}

TEST_CASE("audio: FLAC gives the samples that went in") {
    const Bytes samples = tone(5000);
    const Sound sound = decode_sound(flac_file(samples, "flac16"));
    CHECK(sound.rate == 16'000);
    CHECK(to_16_bit(sound) == samples);
}

TEST_CASE("audio: what cannot be used is refused with a reason") {
    const Bytes samples = tone(300);
    CHECK(holds(refusal({}), "empty"));
    CHECK(holds(refusal({'O', 'g', 'g', 'S'}), "neither a FLAC nor a WAV"));
    CHECK(holds(refusal(wav_file(2, 16, samples)), "2 channels"));
    CHECK(holds(refusal(wav_file(1, 24, samples)), "24 bits"));
    CHECK(holds(refusal(wav_file(1, 8, samples)), "8 bits"));
    CHECK(holds(refusal(flac_file(samples, "flac")), "8 bits"));
    Bytes odd = samples;
    odd.pop_back();
    CHECK(holds(refusal(wav_file(1, 16, odd)), "half a sample"));
    Bytes mu_law = wav_file(1, 16, samples);
    mu_law[20] = 7;
    CHECK(holds(refusal(mu_law), "not plain PCM"));
    std::size_t silent = 0;
    const Bytes wav = wav_file(1, 16, samples, true, true);
    for (std::size_t count = 0; count < wav.size(); ++count) {
        silent += refusal({wav.begin(), wav.begin() + static_cast<std::ptrdiff_t>(count)}).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
    const Bytes flac = flac_file(tone(9000), "flac16");
    for (std::size_t count = 0; count < flac.size(); count += count < 200 ? 1 : 97) {
        silent += refusal({flac.begin(), flac.begin() + static_cast<std::ptrdiff_t>(count)}).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
    // Behind the headers every bit is under a checksum.
    for (std::size_t at = 200; at < flac.size(); at += 61) {
        Bytes damaged = flac;
        damaged[at] ^= 4;
        silent += refusal(damaged).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
}
