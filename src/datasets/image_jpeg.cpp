// jpeglib.h uses what cstdio declares.
// clang-format off
#include <array>
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
// clang-format on

#include "bitlaw/base/error.hpp"
#include "bitlaw/datasets/image.hpp"

namespace bitlaw::datasets {
namespace {

// libjpeg reports errors by a function that must not return. It jumps back into run(), which owns nothing
// that would need destroying: all of that lives in this object.
class JpegReader {
   public:
    explicit JpegReader(ByteSpan file) : file_(file) {
        info_.err = ::jpeg_std_error(&errors_);
        info_.client_data = this;
        errors_.error_exit = [](j_common_ptr info) {
            JpegReader& reader = *static_cast<JpegReader*>(info->client_data);
            info->err->format_message(info, reader.message_.data());
            std::longjmp(reader.jump_, 1);
        };
        // A warning tells of damage that libjpeg fills with something: an image that is partly invented.
        errors_.emit_message = [](j_common_ptr info, int level) {
            if (level < 0) {
                info->err->error_exit(info);
            }
        };
        errors_.output_message = [](j_common_ptr) {};
    }
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { ::jpeg_destroy_decompress(&info_); }

    GrayImage read() {
        if (!run()) {
            fail("broken JPEG: ", message_.data());
        }
        return std::move(image_);
    }

   private:
    bool run() {
        if (setjmp(jump_) != 0) {
            return false;
        }
        jpeg_create_decompress(&info_);
        ::jpeg_mem_src(&info_, file_.data(), file_.size());
        ::jpeg_read_header(&info_, TRUE);
        if (!prepare()) {
            return false;
        }
        ::jpeg_start_decompress(&info_);
        while (info_.output_scanline < info_.output_height) {
            JSAMPROW row = row_.data();
            ::jpeg_read_scanlines(&info_, &row, 1);
            append_row();
        }
        ::jpeg_finish_decompress(&info_);
        return true;
    }

    bool refuse(const char* reason) {
        std::snprintf(message_.data(), message_.size(), "%s", reason);
        return false;
    }

    // C++ exceptions must not leave through libjpeg, but run() is ours: they may leave from here.
    bool prepare() {
        if (info_.num_components != 1 && info_.num_components != 3) {
            return refuse("its colours are neither gray nor RGB (CMYK?)");
        }
        if (std::uint64_t{info_.image_width} * info_.image_height > kMostPixels) {
            return refuse("it has too many pixels");
        }
        // The slow integer transform is the same on every machine.
        info_.dct_method = JDCT_ISLOW;
        info_.out_color_space = info_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
        image_.width = info_.image_width;
        image_.height = info_.image_height;
        image_.channels = static_cast<std::uint32_t>(info_.num_components);
        image_.pixels.reserve(std::size_t{image_.width} * image_.height);
        row_.resize(std::size_t{image_.width} * image_.channels);
        return true;
    }

    void append_row() {
        for (std::size_t x = 0; x < row_.size(); x += image_.channels) {
            const unsigned sum = image_.channels == 1 ? 3u * row_[x] : row_[x] + row_[x + 1] + row_[x + 2];
            image_.pixels.push_back(static_cast<std::uint8_t>(sum / 3));
        }
    }

    ByteSpan file_;
    jpeg_decompress_struct info_{};
    jpeg_error_mgr errors_{};
    std::jmp_buf jump_{};
    std::array<char, JMSG_LENGTH_MAX> message_{};
    GrayImage image_;
    Bytes row_;
};

}  // namespace

GrayImage decode_jpeg(ByteSpan file) { return JpegReader(file).read(); }

std::string jpeg_version() {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    // 2001005 is 2.1.5.
    constexpr int kVersion = LIBJPEG_TURBO_VERSION_NUMBER;
    return text_of("libjpeg-turbo ", kVersion / 1'000'000, ".", kVersion / 1000 % 1000, ".", kVersion % 1000);
#else
    return text_of("libjpeg ", JPEG_LIB_VERSION);
#endif
}

}  // namespace bitlaw::datasets
