#include "bitlaw/bitlaw.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/version.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/joined.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/model/places.hpp"
#include "guard.hpp"

namespace {

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::coding;
using namespace bitlaw::capi;

CompressOptions options_of(const bitlaw_options* given) {
    const bitlaw_options o =
        taken(given, bitlaw_options BITLAW_OPTIONS_INIT, sizeof(bitlaw_options), "BITLAW_OPTIONS_INIT");
    CompressOptions options;
    options.embed_model = o.embed_model != 0;
    options.fallback = fallback_of(o.fallback);
    options.block_bytes = o.block_bytes == 0 ? options.block_bytes : o.block_bytes;
    return options;
}

// Writes to a buffer; `used` tells how much.
ByteSink sink_to_buffer(void* output, std::size_t capacity, std::size_t& used) {
    return [output, capacity, &used](ByteSpan data) {
        if (data.size() > capacity - used) {
            throw Full{};
        }
        if (!data.empty()) {
            std::memcpy(static_cast<std::uint8_t*>(output) + used, data.data(), data.size());
            used += data.size();
        }
    };
}

SeekableSource seekable(ByteSpan archive) {
    return {archive.size(), [archive](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const std::size_t from = std::min<std::uint64_t>(offset, archive.size());
                const std::size_t count = std::min(buffer.size(), archive.size() - from);
                std::copy_n(archive.begin() + static_cast<std::ptrdiff_t>(from), count, buffer.begin());
                return count;
            }};
}

// Plain bytes of all archives that follow each other.
std::uint64_t plain_bytes_of(ByteSpan archive) {
    std::uint64_t bytes = 0;
    const SeekableSource file = seekable(archive);
    for (const ArchiveSpan& span : archive_spans(file)) {
        bytes += span.plain_bytes;
    }
    return bytes;
}

// What an archive that did not fit needs by its index; 0 when the index is damaged or says that it fits.
std::size_t needed_size(ByteSpan archive, std::size_t capacity) {
    try {
        const std::uint64_t plain = plain_bytes_of(archive);
        return plain > capacity ? static_cast<std::size_t>(plain) : 0;
    } catch (const Error&) {
        return 0;
    }
}

}  // namespace

const char* bitlaw_version(void) { return kVersion; }

const char* bitlaw_last_error(void) { return last_error().text.c_str(); }

bitlaw_status bitlaw_last_status(void) { return last_error().status; }

bitlaw_status bitlaw_set_threads(size_t count) {
    return guarded([&] {
        static const std::size_t all = thread_count();  // nothing but this function changes it
        set_thread_count(count == 0 ? all : count);
    });
}

bitlaw_model* bitlaw_model_open(const char* path) {
    return made<bitlaw_model>([&] {
        check_pointer(path, 1, "path");
        const std::filesystem::path file = named_model(path);
        std::error_code error;
        const std::string_view text(path);
        if ((text == kNoModel || text.starts_with(kFreshPrefix)) && !std::filesystem::exists(file, error)) {
            fail_usage(text, " is no model; bitlaw_stack_open() takes it as the network of a stack");
        }
        return bitlaw_model{std::make_shared<const StoredModel>(load_model(file))};
    });
}

bitlaw_model* bitlaw_model_read(const void* bytes, size_t size) {
    return made<bitlaw_model>([&] {
        return bitlaw_model{std::make_shared<const StoredModel>(
            decode_model(span_of(bytes, size, "bytes"), "the model in memory"))};
    });
}

void bitlaw_model_close(bitlaw_model* model) { delete model; }

uint64_t bitlaw_model_id(const bitlaw_model* model) {
    std::uint64_t id = 0;
    (void)guarded([&] {
        check_pointer(model, 1, "model");
        id = model->stored->id;
    });
    return id;
}

size_t bitlaw_compress_bound(const bitlaw_model* model, size_t size, const bitlaw_options* options) {
    std::size_t bound = 0;
    (void)guarded([&] {
        check_pointer(model, 1, "model");
        check_pointer(model, size, "the input");
        const CompressOptions o = options_of(options);
        // Header and trailer: 16 + 20 + 4 and 1 + 20 + 12 at most; a block: its header of at most 13, check
        // of 4, and 8 in the index.
        const std::uint64_t blocks = size / o.block_bytes + 1;
        bound = static_cast<std::size_t>(size + 73 + 25 * blocks +
                                         (o.embed_model ? model->stored->stored_bytes : 0));
    });
    return bound;
}

bitlaw_status bitlaw_compress(const bitlaw_model* model, const void* input, size_t input_size, void* output,
                              size_t capacity, size_t* size, const bitlaw_options* options) {
    return guarded([&] {
        check_pointer(model, 1, "model");
        const ByteSpan plain = span_of(input, input_size, "input");
        check_pointer(output, capacity, "output");
        check_pointer(size, 1, "size");
        std::size_t used = 0;
        try {
            (void)compress(*model->stored, options_of(options), source_of(plain),
                           sink_to_buffer(output, capacity, used));
        } catch (const Full&) {
            *size = bitlaw_compress_bound(model, input_size, options);
            throw;
        }
        *size = used;
    });
}

bitlaw_status bitlaw_plain_size(const void* archive, size_t archive_size, uint64_t* size) {
    return guarded([&] {
        const ByteSpan bytes = span_of(archive, archive_size, "archive");
        check_pointer(size, 1, "size");
        *size = plain_bytes_of(bytes);
    });
}

bitlaw_status bitlaw_decompress(const bitlaw_model* model, const void* archive, size_t archive_size,
                                void* output, size_t capacity, size_t* size) {
    return guarded([&] {
        const ByteSpan bytes = span_of(archive, archive_size, "archive");
        check_pointer(output, capacity, "output");
        check_pointer(size, 1, "size");
        const ModelFinder find = [model](std::uint64_t id) -> const StoredModel& {
            if (model == nullptr) {
                fail("the archive needs model ", hex64(id), ", and none was given");
            }
            return *model->stored;
        };
        std::size_t used = 0;
        try {
            (void)decompress(find, source_of(bytes), sink_to_buffer(output, capacity, used), {});
        } catch (const Full&) {
            *size = needed_size(bytes, capacity);
            throw;
        }
        *size = used;
    });
}
