#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/datasets/image.hpp"

namespace bitlaw::datasets {
namespace {

// libpng reports errors by a function that must not return. It jumps back into run(), which owns nothing
// that would need destroying: all of that lives in this object.
class PngReader {
   public:
    explicit PngReader(ByteSpan file) : file_(file) {
        png_ = ::png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error,
                                        [](png_structp, png_const_charp) {});
        info_ = png_ == nullptr ? nullptr : ::png_create_info_struct(png_);
        if (info_ == nullptr) {
            ::png_destroy_read_struct(&png_, nullptr, nullptr);
            fail("libpng cannot start: out of memory, or another version than the one compiled with");
        }
    }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { ::png_destroy_read_struct(&png_, &info_, nullptr); }

    GrayImage read() {
        if (!run()) {
            fail("broken PNG: ", message_.data());
        }
        look_up_palette();
        GrayImage image{width_, height_, channels_, Bytes(std::size_t{width_} * height_)};
        for (std::size_t i = 0; i < image.pixels.size(); ++i) {
            const std::uint8_t* const p = colours_.data() + i * channels_;
            image.pixels[i] = static_cast<std::uint8_t>(channels_ == 1 ? p[0] : (p[0] + p[1] + p[2]) / 3);
        }
        return image;
    }

   private:
    static void on_error(png_structp png, png_const_charp text) {
        PngReader& reader = *static_cast<PngReader*>(::png_get_error_ptr(png));
        std::snprintf(reader.message_.data(), reader.message_.size(), "%s", text);
        std::longjmp(reader.jump_, 1);
    }

    static void on_read(png_structp png, png_bytep to, std::size_t count) {
        PngReader& reader = *static_cast<PngReader*>(::png_get_io_ptr(png));
        if (reader.file_.size() - reader.at_ < count) {
            ::png_error(png, "it ends too early");
        }
        std::memcpy(to, reader.file_.data() + reader.at_, count);
        reader.at_ += count;
    }

    bool run() {
        if (setjmp(jump_) != 0) {
            return false;
        }
        ::png_set_read_fn(png_, this, on_read);
        // The bound on pixels below limits memory; rows may be as many as a data set of narrow ones needs.
        ::png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
        // Checksums of all chunks count, those of chunks that we do not need as well.
        ::png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
        ::png_read_info(png_, info_);
        has_palette_ = ::png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE;
        if (has_palette_) {
            ::png_set_packing(png_);  // a byte a pixel
        } else {
            ::png_set_expand(png_);
        }
        ::png_set_strip_16(png_);
        ::png_set_strip_alpha(png_);
        ::png_set_interlace_handling(png_);
        ::png_read_update_info(png_, info_);
        if (!prepare()) {
            return false;
        }
        ::png_read_image(png_, rows_.data());
        ::png_read_end(png_, nullptr);
        return true;
    }

    // Colours in place of a palette's indices. libpng takes those beyond the palette for black: pixels that
    // nobody painted.
    void look_up_palette() {
        png_colorp palette = nullptr;
        int size = 0;
        if (!has_palette_ || ::png_get_PLTE(png_, info_, &palette, &size) == 0) {
            return;
        }
        Bytes colours;
        colours.reserve(3 * colours_.size());
        for (const std::uint8_t index : colours_) {
            if (index >= size) {
                fail("broken PNG: it has colour ", unsigned{index}, " of a palette of ", size);
            }
            const png_color& c = palette[index];
            colours.insert(colours.end(), {c.red, c.green, c.blue});
        }
        colours_ = std::move(colours);
        channels_ = 3;
    }

    bool prepare() {
        width_ = ::png_get_image_width(png_, info_);
        height_ = ::png_get_image_height(png_, info_);
        channels_ = ::png_get_channels(png_, info_);
        if (std::uint64_t{width_} * height_ > kMostPixels || (channels_ != 1 && channels_ != 3)) {
            std::snprintf(message_.data(), message_.size(), "it has too many pixels or channels");
            return false;
        }
        const std::size_t row_bytes = std::size_t{width_} * channels_;
        colours_.resize(row_bytes * height_);
        rows_.resize(height_);
        for (std::size_t y = 0; y < rows_.size(); ++y) {
            rows_[y] = colours_.data() + y * row_bytes;
        }
        return true;
    }

    ByteSpan file_;
    std::size_t at_ = 0;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    std::jmp_buf jump_{};
    std::array<char, 200> message_{};
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::uint32_t channels_ = 0;
    bool has_palette_ = false;
    Bytes colours_;  // [height, width, channels]
    std::vector<png_bytep> rows_;
};

}  // namespace

GrayImage decode_png(ByteSpan file) { return PngReader(file).read(); }

std::string png_version() { return std::string("libpng ") + ::png_get_libpng_ver(nullptr); }

}  // namespace bitlaw::datasets
