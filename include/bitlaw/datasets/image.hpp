#pragma once
/// \file JPEG and PNG files as gray pixels, and pixels as patches.

#include <cstdint>
#include <functional>
#include <string>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::datasets {

/// Gray pixels, 0 black to 255 white: [height, width].
struct GrayImage {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t channels = 0;  ///< that the file had, alpha not counted
    Bytes pixels;
};

/// Most pixels of an image that is read; bounds what a forged header can make us allocate.
inline constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 28;

/// Decodes a JPEG or a PNG, told by its first bytes. gray = floor(mean of the colour channels), as the
/// paper's authors do (data_loaders.py: np.mean(...).astype(np.uint8)); transparency, gamma and the
/// orientation that EXIF states are ignored, 16 bits are cut to the upper 8. Throws Error, without a name,
/// for everything that is not wholly sound: unknown formats, truncation, wrong checksums, anything that
/// libjpeg warns of, colours beyond a palette, colours other than gray and RGB (CMYK).
[[nodiscard]] GrayImage decode_image(ByteSpan file);
[[nodiscard]] GrayImage decode_jpeg(ByteSpan file);
[[nodiscard]] GrayImage decode_png(ByteSpan file);

/// Calls `take` with every patch [kPatchRows, kPatchColumns] that fits, from left to right and from top to
/// bottom without overlap, and returns their number; pixels beyond the last whole patch are left out.
std::uint64_t cut_patches(const GrayImage& image, const std::function<void(ByteSpan)>& take);

/// "libjpeg-turbo 2.1.5, libpng 1.6.39".
[[nodiscard]] std::string image_decoders();
[[nodiscard]] std::string jpeg_version();
[[nodiscard]] std::string png_version();

}  // namespace bitlaw::datasets
