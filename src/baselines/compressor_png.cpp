#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>

#include "bitlaw/datasets/image.hpp"
#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

constexpr int kLevel = 9;
constexpr int kMemory = 9;
/// Of the paper's baseline: its code asks for the two closest factors of 2048, takes the smaller one for the
/// width, and so has images of 32 columns and 64 rows (png.py).
constexpr std::uint32_t kPaperRow = 32;

// libpng reports errors by a function that must not return. It jumps back into run(), which owns nothing
// that would need destroying: all of that lives in this object.
class PngWriter {
   public:
    PngWriter(ByteSpan plain, std::size_t row, const CompressorWatch& watch)
        : plain_(plain), picture_(plain.size(), row), watch_(watch), last_row_(picture_.width) {
        png_ = ::png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error,
                                         [](png_structp, png_const_charp) {});
        info_ = png_ == nullptr ? nullptr : ::png_create_info_struct(png_);
        if (info_ == nullptr) {
            ::png_destroy_write_struct(&png_, nullptr);
            fail("libpng cannot start; is there memory left?");
        }
        const auto from = plain.begin() + static_cast<std::ptrdiff_t>((picture_.height - 1) * picture_.width);
        std::copy(from, plain.end(), last_row_.begin());
    }
    PngWriter(const PngWriter&) = delete;
    PngWriter& operator=(const PngWriter&) = delete;
    ~PngWriter() { ::png_destroy_write_struct(&png_, &info_); }

    Bytes write() {
        if (!run()) {
            fail("libpng cannot compress: ", message_.data());
        }
        return std::move(packed_);
    }

   private:
    static void on_error(png_structp png, png_const_charp text) {
        PngWriter& writer = *static_cast<PngWriter*>(::png_get_error_ptr(png));
        std::snprintf(writer.message_.data(), writer.message_.size(), "%s", text);
        std::longjmp(writer.jump_, 1);
    }

    static void on_write(png_structp png, png_bytep from, std::size_t count) {
        bool is_room = true;
        try {
            Bytes& packed = static_cast<PngWriter*>(::png_get_io_ptr(png))->packed_;
            packed.insert(packed.end(), from, from + count);
        } catch (const std::exception&) {
            is_room = false;
        }
        if (!is_room) {
            ::png_error(png, "out of memory");
        }
    }

    bool run() {
        if (setjmp(jump_) != 0) {
            return false;
        }
        ::png_set_write_fn(png_, this, on_write, [](png_structp) {});
        ::png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
        ::png_set_IHDR(png_, info_, static_cast<png_uint_32>(picture_.width),
                       static_cast<png_uint_32>(picture_.height), 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                       PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        ::png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
        ::png_set_compression_level(png_, kLevel);
        ::png_set_compression_mem_level(png_, kMemory);
        ::png_write_info(png_, info_);
        for (at_ = 0; at_ + 1 < picture_.height; ++at_) {
            if (at_ % kRowsBetweenWatches == 0) {
                watch_(at_ * picture_.width);
            }
            ::png_write_row(png_, plain_.data() + at_ * picture_.width);
        }
        ::png_write_row(png_, last_row_.data());
        ::png_write_end(png_, nullptr);
        watch_(plain_.size());
        return true;
    }

    static constexpr std::size_t kRowsBetweenWatches = 4096;

    ByteSpan plain_;
    Picture picture_;
    const CompressorWatch& watch_;
    Bytes last_row_;  // filled up with zeros
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    std::jmp_buf jump_{};
    std::array<char, 200> message_{};
    std::size_t at_ = 0;  // a member, since a local's value is lost in a jump
    Bytes packed_;
};

Compressor compressor(const char* key, const char* name, std::uint32_t fixed_row) {
    const auto row_of = [fixed_row](const DataShape& shape) {
        return fixed_row ? fixed_row : shape.row_bytes;
    };
    return {.key = key,
            .name = name,
            .settings = text_of(png_version(), ", level ", kLevel, ", memory level ", kMemory,
                                ", all filters, rows of ",
                                fixed_row ? std::to_string(fixed_row) + " as in the paper's code"
                                          : std::string("64 or as the data have")),
            .compress =
                [row_of](ByteSpan plain, const DataShape& shape, const CompressorWatch& watch) {
                    return PngWriter(plain, row_of(shape), watch).write();
                },
            .restore =
                [](ByteSpan packed, std::size_t plain_bytes, const DataShape&, const CompressorWatch&) {
                    Bytes plain = decode_png(packed).pixels;
                    plain.resize(std::min(plain.size(), plain_bytes));
                    return plain;
                },
            .program_memory = {}};
}

}  // namespace

Compressor png_compressor() { return compressor("png", "PNG", 0); }

Compressor narrow_png_compressor() { return compressor("png32", "PNG (rows of 32)", kPaperRow); }

}  // namespace bitlaw::baselines
