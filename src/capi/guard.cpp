#include "guard.hpp"

#include <cstdint>
#include <limits>

namespace bitlaw::capi {

LastError& last_error() {
    thread_local LastError error;
    return error;
}

bitlaw_status failed(bitlaw_status status, const char* what) noexcept {
    last_error().status = status;
    try {
        last_error().text = what;
    } catch (...) {
        last_error().text.clear();  // not even memory for the message
    }
    return status;
}

void check_pointer(const void* pointer, std::size_t size, const char* name) {
    if (pointer == nullptr && size > 0) {
        fail_usage(name, " is a null pointer");
    }
    if (size > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max())) {
        fail_usage(name, " has ", size, " bytes, which no memory can hold");
    }
}

ByteSpan span_of(const void* bytes, std::size_t size, const char* name) {
    check_pointer(bytes, size, name);
    return {static_cast<const std::uint8_t*>(bytes), size};
}

void take_struct(const void* given, std::size_t given_size, std::size_t first, void* known,
                 std::size_t known_size, const char* init) {
    // Far more than any version of a struct will have: a size beyond it is no size.
    constexpr std::size_t kMaxSize = 4096;
    if (given_size < first || given_size > kMaxSize) {
        fail_usage("the struct has ", given_size, " bytes; begin with ", init);
    }
    const auto* const bytes = static_cast<const std::uint8_t*>(given);
    for (std::size_t i = known_size; i < given_size; ++i) {
        if (bytes[i] != 0) {
            fail_usage("the struct has a field that is set and that this library, version ", bitlaw_version(),
                       ", does not know; use a newer one");
        }
    }
    std::memcpy(known, given, std::min(given_size, known_size));
}

coding::Fallback fallback_of(bitlaw_fallback fallback) {
    switch (static_cast<int>(fallback)) {
        case BITLAW_FALLBACK_NEVER: return coding::Fallback::never;
        case BITLAW_FALLBACK_WORSE: return coding::Fallback::worse;
        case BITLAW_FALLBACK_BEST: return coding::Fallback::best;
        default: fail_usage("the fallback is ", static_cast<int>(fallback), ", which is none");
    }
}

coding::CodecProgress progress_of(bitlaw_progress progress, void* context) {
    if (progress == nullptr) {
        return {};
    }
    return [progress, context](std::uint64_t done, std::uint64_t archive) {
        if (const int answer = progress(context, done, archive); answer != 0) {
            throw Stopped(text_of("the progress function ended the work with ", answer));
        }
    };
}

}  // namespace bitlaw::capi
