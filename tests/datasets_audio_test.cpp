#include <doctest/doctest.h>

#include "bitlaw/base/error.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/datasets/audio.hpp"
#include "support/message.hpp"
#include "support/pictures.hpp"

using namespace bitlaw;
using namespace bitlaw::datasets;
using namespace bitlaw::baselines;
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

TEST_CASE("audio: a length that a stream left open means to the end of the file") {
    const Bytes samples = tone(6000);
    const auto with_length = [&](std::uint32_t length, Bytes file) {
        const std::size_t place = file.size() - samples.size() - 4;
        for (std::size_t i = 0; i < 4; ++i) {
            file[place + i] = static_cast<std::uint8_t>(length >> (8 * i));
        }
        return file;
    };
    for (const std::uint32_t length :
         {0u, 0x7FFFF000u, 0x7FFFFFFFu, 0x7FFFFFDBu, 0x80000000u, 0xFFFFFFFFu, 0xFFFFFFFEu, 0xFFFFFFDBu}) {
        CAPTURE(length);
        for (const bool has_odd_chunk : {false, true}) {
            const Sound sound =
                decode_sound(with_length(length, wav_file(1, 16, samples, false, has_odd_chunk)));
            CHECK(to_16_bit(sound) == samples);
        }
        Bytes half = with_length(length, wav_file(1, 16, samples));
        half.pop_back();
        CHECK(holds(refusal(half), "half a sample"));
    }
    CHECK(holds(refusal(with_length(20'000, wav_file(1, 16, samples))), "end after 12000 of 20000 bytes"));
    CHECK(holds(refusal(with_length(0x70000000, wav_file(1, 16, samples))), "end after 12000 of"));
    CHECK(holds(refusal(with_length(0xF0000000, wav_file(1, 16, samples))), "end after 12000 of"));
    // Other chunks behind samples that are really none.
    Bytes empty = wav_file(1, 16, {});
    CHECK(decode_sound(empty).samples.empty());
    empty.insert(empty.end(), {'L', 'I', 'S', 'T', 4, 0, 0, 0, 'I', 'N', 'F', 'O'});
    CHECK(decode_sound(empty).samples.empty());
}

TEST_CASE("audio: RF64 states its length in a chunk of its own") {
    const Bytes samples = tone(3000);
    for (const std::uint64_t length : {std::uint64_t{6000}, ~std::uint64_t{0}}) {
        const Bytes wav = wav_file(1, 16, samples);
        ByteWriter ds64;
        ds64.u32(28);
        ds64.u64(0);
        ds64.u64(length);
        ds64.u64(3000);
        ds64.u32(0);
        Bytes file(wav.begin(), wav.begin() + 12);
        std::copy_n("RF64", 4, file.begin());
        file.insert(file.end(), {'d', 's', '6', '4'});
        file.insert(file.end(), ds64.data().begin(), ds64.data().end());
        file.insert(file.end(), wav.begin() + 12, wav.end());
        std::fill_n(file.end() - 6004, 4, std::uint8_t{0xFF});
        CHECK(to_16_bit(decode_sound(file)) == samples);
        file.pop_back();
        file.pop_back();
        CHECK(holds(refusal(file), length == 6000 ? "end after 5998 of 6000 bytes" : "") ==
              (length == 6000 || to_16_bit(decode_sound(file)).size() == 5998));
    }
}

TEST_CASE("audio: a FLAC stream that states no length, whole and cut") {
    const Bytes samples = tone(9000);
    Bytes flac = flac_file(samples, "flac16");
    // STREAMINFO begins at byte 8: 36 bits of samples end at its byte 18, 16 bytes of MD5 follow.
    flac[21] &= 0xF0;
    std::fill_n(flac.begin() + 22, 20, std::uint8_t{0});
    CHECK(to_16_bit(decode_sound(flac)) == samples);
    std::size_t silent = 0;
    std::size_t whole_frames = 0;
    for (std::size_t count = flac.size() - 1; count > 0; --count) {
        const Bytes cut(flac.begin(), flac.begin() + static_cast<std::ptrdiff_t>(count));
        if (refusal(cut).empty()) {
            whole_frames += decode_sound(cut).samples.size() % 4096 == 0 ? 1 : 0;
            ++silent;
        }
    }
    CHECK(silent == whole_frames);  // a cut between two frames leaves a whole stream
    CHECK(silent <= 3);
    Bytes inside = flac;
    inside.resize(flac.size() - 100);
    CHECK(holds(refusal(inside), "broken FLAC: "));
}

TEST_CASE("audio: ID3 tags around a sound are passed over") {
    const Bytes samples = tone(2000);
    for (const Bytes& sound : {wav_file(1, 16, samples), flac_file(samples, "flac16")}) {
        for (const bool has_footer : {false, true}) {
            Bytes file{'I', 'D', '3', 4, 0, static_cast<std::uint8_t>(has_footer ? 0x10 : 0), 0, 0, 1, 2};
            file.resize(10 + 130 + (has_footer ? 10 : 0));
            file.insert(file.end(), sound.begin(), sound.end());
            CHECK(to_16_bit(decode_sound(file)) == samples);
            file.insert(file.end(), {'T', 'A', 'G'});
            file.resize(file.size() + 125);
            CHECK(to_16_bit(decode_sound(file)) == samples);
        }
    }
    CHECK(holds(refusal({'I', 'D', '3', 4, 0, 0, 0, 0, 1, 2, 0}),
                "broken ID3 tag: it ends after 11 of 140 bytes"));
    CHECK(holds(refusal({'I', 'D', '3', 4}), "broken ID3 tag"));
    CHECK(holds(refusal({'I', 'D', '3', 4, 0, 0, 0, 0, 0, 1, 0, 'm', 'p', '3'}), "neither a FLAC nor a WAV"));
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
