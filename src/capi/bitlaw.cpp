#include "bitlaw/bitlaw.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/version.hpp"
#include "bitlaw/coding/codec.hpp"

struct bitlaw_model {
    bitlaw::model::StoredModel stored;
};

namespace {

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::coding;

// Thrown by the sink when a buffer is full.
struct Full {};

std::string& last_error() {
    thread_local std::string text;
    return text;
}

bitlaw_status failed(bitlaw_status status, const char* what) noexcept {
    try {
        last_error() = what;
    } catch (...) {
        last_error().clear();  // not even memory for the message
    }
    return status;
}

// Runs the work in the default floating-point state and turns exceptions into a status; none may reach C.
template <class Work>
bitlaw_status guarded(const Work& work) noexcept {
    try {
        const FloatStateGuard guard;
        work();
        return BITLAW_OK;
    } catch (const Full&) {
        return failed(BITLAW_TOO_SMALL,
                      "the output buffer is too small; make it as large as bitlaw_compress_bound() or "
                      "bitlaw_plain_size() says");
    } catch (const UsageError& error) {
        return failed(BITLAW_WRONG_USE, error.what());
    } catch (const std::bad_alloc&) {
        return failed(BITLAW_FAILED, "not enough memory; use smaller blocks or fewer threads");
    } catch (const std::exception& error) {
        return failed(BITLAW_FAILED, error.what());
    } catch (...) {
        return failed(BITLAW_FAILED, "unknown failure");
    }
}

template <class Load>
bitlaw_model* loaded(const Load& load) noexcept {
    bitlaw_model* model = nullptr;
    (void)guarded([&] { model = std::make_unique<bitlaw_model>(bitlaw_model{load()}).release(); });
    return model;
}

void check_pointer(const void* pointer, std::size_t size, const char* name) {
    if (pointer == nullptr && size > 0) {
        fail_usage(name, " is a null pointer");
    }
}

ByteSpan span_of(const void* bytes, std::size_t size) {
    return {static_cast<const std::uint8_t*>(bytes), size};
}

CompressOptions options_of(const bitlaw_options* given) {
    const bitlaw_options defaults = BITLAW_OPTIONS_INIT;
    const bitlaw_options& o = given == nullptr ? defaults : *given;
    if (o.struct_size != sizeof(bitlaw_options)) {
        fail_usage("the options have ", o.struct_size, " bytes; begin with BITLAW_OPTIONS_INIT");
    }
    if (o.fallback < BITLAW_FALLBACK_NEVER || o.fallback > BITLAW_FALLBACK_BEST) {
        fail_usage("the fallback is ", static_cast<int>(o.fallback), ", which is none");
    }
    CompressOptions options;
    options.embed_model = o.embed_model != 0;
    options.fallback = o.fallback == BITLAW_FALLBACK_NEVER   ? Fallback::never
                       : o.fallback == BITLAW_FALLBACK_WORSE ? Fallback::worse
                                                             : Fallback::best;
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

// What an archive that did not fit needs by its index; 0 when the index is damaged or says that it fits.
std::size_t needed_size(ByteSpan archive, std::size_t capacity) {
    try {
        const std::uint64_t plain = read_index(seekable(archive)).plain_bytes;
        return plain > capacity ? static_cast<std::size_t>(plain) : 0;
    } catch (const Error&) {
        return 0;
    }
}

}  // namespace

const char* bitlaw_version(void) { return kVersion; }

const char* bitlaw_last_error(void) { return last_error().c_str(); }

bitlaw_status bitlaw_set_threads(size_t count) {
    return guarded([&] {
        static const std::size_t all = thread_count();  // nothing but this function changes it
        set_thread_count(count == 0 ? all : count);
    });
}

bitlaw_model* bitlaw_model_open(const char* path) {
    return loaded([&] {
        check_pointer(path, 1, "path");
        return load_model(path);
    });
}

bitlaw_model* bitlaw_model_read(const void* bytes, size_t size) {
    return loaded([&] {
        check_pointer(bytes, size, "bytes");
        return decode_model(span_of(bytes, size), "the model in memory");
    });
}

void bitlaw_model_close(bitlaw_model* model) { delete model; }

uint64_t bitlaw_model_id(const bitlaw_model* model) { return model == nullptr ? 0 : model->stored.id; }

size_t bitlaw_compress_bound(const bitlaw_model* model, size_t size, const bitlaw_options* options) {
    std::size_t bound = 0;
    (void)guarded([&] {
        check_pointer(model, 1, "model");
        const CompressOptions o = options_of(options);
        // Header and trailer: 16 + 20 + 4 and 1 + 20 + 12 at most; a block: its header of at most 13, check
        // of 4, and 8 in the index.
        const std::uint64_t blocks = size / o.block_bytes + 1;
        bound = static_cast<std::size_t>(size + 73 + 25 * blocks +
                                         (o.embed_model ? model->stored.stored_bytes : 0));
    });
    return bound;
}

bitlaw_status bitlaw_compress(const bitlaw_model* model, const void* input, size_t input_size, void* output,
                              size_t capacity, size_t* size, const bitlaw_options* options) {
    return guarded([&] {
        check_pointer(model, 1, "model");
        check_pointer(input, input_size, "input");
        check_pointer(output, capacity, "output");
        check_pointer(size, 1, "size");
        std::size_t used = 0;
        try {
            (void)compress(model->stored, options_of(options), source_of(span_of(input, input_size)),
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
        check_pointer(archive, archive_size, "archive");
        check_pointer(size, 1, "size");
        *size = read_index(seekable(span_of(archive, archive_size))).plain_bytes;
    });
}

bitlaw_status bitlaw_decompress(const bitlaw_model* model, const void* archive, size_t archive_size,
                                void* output, size_t capacity, size_t* size) {
    return guarded([&] {
        check_pointer(archive, archive_size, "archive");
        check_pointer(output, capacity, "output");
        check_pointer(size, 1, "size");
        const ModelFinder find = [model](std::uint64_t id) -> const StoredModel& {
            if (model == nullptr) {
                fail("the archive needs model ", hex64(id), ", and none was given");
            }
            return model->stored;
        };
        std::size_t used = 0;
        const ByteSpan bytes = span_of(archive, archive_size);
        try {
            (void)decompress(find, source_of(bytes), sink_to_buffer(output, capacity, used), {});
        } catch (const Full&) {
            *size = needed_size(bytes, capacity);
            throw;
        }
        *size = used;
    });
}
