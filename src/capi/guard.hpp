#pragma once
/// \file Errors at the C interface's border, and what it takes from callers.

#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/bitlaw.h"
#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/model/checkpoint.hpp"

struct bitlaw_model {
    std::shared_ptr<const bitlaw::model::StoredModel> stored;  // shared with the stacks that have it
};

namespace bitlaw::capi {

/// Thrown by the sink when a buffer is full.
struct Full {};

/// Why the thread's last call that failed did.
struct LastError {
    bitlaw_status status = BITLAW_OK;
    std::string text;
};
[[nodiscard]] LastError& last_error();

/// Notes an error; the status is the one to return.
bitlaw_status failed(bitlaw_status status, const char* what) noexcept;

/// Runs the work in the default floating-point state and turns exceptions into a status; none may reach C.
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
    } catch (const Stopped& error) {
        return failed(BITLAW_STOPPED, error.what());
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

/// What `make` returns, as an object that C owns; null after a failure.
template <class Object, class Make>
Object* made(const Make& make) noexcept {
    Object* object = nullptr;
    (void)guarded([&] { object = std::make_unique<Object>(make()).release(); });
    return object;
}

/// Refuses a null pointer to bytes, and sizes that no memory has.
void check_pointer(const void* pointer, std::size_t size, const char* name);
/// The bytes, checked.
[[nodiscard]] ByteSpan span_of(const void* bytes, std::size_t size, const char* name);

/// A caller's struct of any version as this library's: fields that it lacks keep their defaults, fields that
/// this library does not know must be zero. `first`: bytes of the struct when it was new.
void take_struct(const void* given, std::size_t given_size, std::size_t first, void* known,
                 std::size_t known_size, const char* init);
template <class Struct>
Struct taken(const Struct* given, const Struct& defaults, std::size_t first, const char* init) {
    Struct known = defaults;
    if (given != nullptr) {
        take_struct(given, given->struct_size, first, &known, sizeof(Struct), init);
    }
    return known;
}

[[nodiscard]] coding::Fallback fallback_of(bitlaw_fallback fallback);

/// Tells a caller's function, which ends the work by anything but 0; none: nothing.
[[nodiscard]] coding::CodecProgress progress_of(bitlaw_progress progress, void* context);

}  // namespace bitlaw::capi
