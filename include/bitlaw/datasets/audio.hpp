#pragma once
/// \file WAV and FLAC files as samples, and samples as bytes.

#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::datasets {

/// One channel of 16-bit sound.
struct Sound {
    std::uint32_t rate = 0;  ///< samples a second
    std::vector<std::int16_t> samples;
};

/// Most samples of a sound that is read: 4.6 hours at 16 kHz. A FLAC file of silence can claim any length.
inline constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 28;

/// Decodes a FLAC or a WAV (also RF64 and BW64), told by its first bytes behind ID3 tags. A length that a
/// stream left open (0, or near 2^31 or 2^32, in a WAV; 0 in a FLAC) means to the end of the file. Throws
/// Error, without a name, for everything that is not wholly sound: unknown formats, truncation, wrong
/// checksums, more than one channel, other than 16 bits.
[[nodiscard]] Sound decode_sound(ByteSpan file);
[[nodiscard]] Sound decode_flac(ByteSpan file);
[[nodiscard]] Sound decode_wav(ByteSpan file);

/// One unsigned byte a sample: floor(s / 256) + 128, as the paper's authors do (data_loaders.py: lin2lin to
/// one byte, then bias 128).
[[nodiscard]] Bytes to_8_bit(const Sound& sound);
/// Two bytes a sample: signed, little-endian.
[[nodiscard]] Bytes to_16_bit(const Sound& sound);

/// "libFLAC 1.4.2".
[[nodiscard]] std::string sound_decoders();

}  // namespace bitlaw::datasets
