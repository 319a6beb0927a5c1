#pragma once
/// \file Small pictures and sounds as files' bytes, made in the test itself.

// jpeglib.h uses what cstdio declares.
// clang-format off
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>
#include <png.h>
// clang-format on

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::test {

/// A PNG of the samples [height, width, channels], 8 bits each; channels 1 gray, 2 with alpha, 3 RGB, 4 RGBA.
inline Bytes png_file(std::uint32_t width, std::uint32_t height, int channels, const Bytes& samples) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = channels == 1   ? PNG_FORMAT_GRAY
                   : channels == 2 ? PNG_FORMAT_GA
                   : channels == 3 ? PNG_FORMAT_RGB
                                   : PNG_FORMAT_RGBA;
    png_alloc_size_t size = 0;
    ::png_image_write_to_memory(&image, nullptr, &size, 0, samples.data(), 0, nullptr);
    Bytes file(size);
    ::png_image_write_to_memory(&image, file.data(), &size, 0, samples.data(), 0, nullptr);
    file.resize(size);
    return file;
}

/// A JPEG of the samples [height, width, channels], quality 95; channels 1 gray, 3 RGB, 4 CMYK.
inline Bytes jpeg_file(std::uint32_t width, std::uint32_t height, int channels, const Bytes& samples) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = ::jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    ::jpeg_mem_dest(&info, &memory, &size);
    info.image_width = width;
    info.image_height = height;
    info.input_components = channels;
    info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    ::jpeg_set_defaults(&info);
    ::jpeg_set_quality(&info, 95, TRUE);
    ::jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        auto* row = const_cast<JSAMPLE*>(samples.data() + std::size_t{info.next_scanline} * width *
                                                              static_cast<std::size_t>(channels));
        ::jpeg_write_scanlines(&info, &row, 1);
    }
    ::jpeg_finish_compress(&info);
    Bytes file(memory, memory + size);
    std::free(memory);
    ::jpeg_destroy_compress(&info);
    return file;
}

/// A WAV file of PCM samples given as bytes.
inline Bytes wav_file(std::uint16_t channels, std::uint16_t bits, const Bytes& samples,
                      bool is_extensible = false, bool has_odd_chunk = false) {
    ByteWriter writer;
    const auto name = [&](const std::string& text) {
        for (const char c : text) {
            writer.u8(static_cast<std::uint8_t>(c));
        }
    };
    name("RIFF");
    writer.u32(0);  // readers go by the chunks
    name("WAVE");
    if (has_odd_chunk) {
        name("LIST");
        writer.u32(3);
        writer.u32(0);  // three bytes and the one that makes them even
    }
    name("fmt ");
    writer.u32(is_extensible ? 40 : 16);
    writer.u16(is_extensible ? 0xFFFE : 1);
    writer.u16(channels);
    writer.u32(16'000);
    writer.u32(16'000u * channels * bits / 8);
    writer.u16(static_cast<std::uint16_t>(channels * bits / 8));
    writer.u16(bits);
    if (is_extensible) {
        writer.u16(22);
        writer.u16(bits);
        writer.u32(4);
        writer.u16(1);
        for (int i = 0; i < 14; ++i) {
            writer.u8(0);
        }
    }
    name("data");
    writer.u32(static_cast<std::uint32_t>(samples.size()));
    writer.bytes(samples);
    return writer.take();
}

}  // namespace bitlaw::test
