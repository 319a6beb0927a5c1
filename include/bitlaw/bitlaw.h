/* bitlaw for C: compress and restore buffers with a model. Link with -lbitlaw.
 *
 * Every function may be called from any thread, and a model may be used by several at once. What a call computes does not depend on
 * the thread's floating-point state, which it leaves as it found it. Functions that can fail return a bitlaw_status or a null
 * pointer; bitlaw_last_error() then says why, in one line. No pointer but an `options` may be null where nothing is said. In a child
 * forked by a process that has used several threads here, calls work with one thread, and give the same bytes. */
#ifndef BITLAW_BITLAW_H
#define BITLAW_BITLAW_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BITLAW_API __attribute__((visibility("default")))
#else
#define BITLAW_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A model in memory. */
typedef struct bitlaw_model bitlaw_model;

typedef enum bitlaw_status {
    BITLAW_OK = 0,
    BITLAW_FAILED = 1,    /* damaged or wrong data, another model, no memory */
    BITLAW_WRONG_USE = 2, /* an argument makes no sense */
    BITLAW_TOO_SMALL = 3  /* the output buffer; *size is how many bytes suffice, 0 where that is not known */
} bitlaw_status;

/* When blocks are coded without the model: never, where it makes them larger, wherever that is smaller. */
typedef enum bitlaw_fallback {
    BITLAW_FALLBACK_NEVER = 0,
    BITLAW_FALLBACK_WORSE = 1,
    BITLAW_FALLBACK_BEST = 2
} bitlaw_fallback;

/* Begin with BITLAW_OPTIONS_INIT, so that later fields have their defaults. */
typedef struct bitlaw_options {
    size_t struct_size;       /* sizeof(bitlaw_options) */
    int embed_model;          /* not 0: the archive holds the model and restores alone */
    bitlaw_fallback fallback; /* default: best */
    uint64_t block_bytes;     /* 1 .. 2^24; 0: the default, 16,000,000 */
} bitlaw_options;
#define BITLAW_OPTIONS_INIT {sizeof(bitlaw_options), 0, BITLAW_FALLBACK_BEST, 0}

/* "0.1.0"; static. */
BITLAW_API const char* bitlaw_version(void);

/* Why the last call of this thread that failed did; "" before any. Valid until the thread's next call. */
BITLAW_API const char* bitlaw_last_error(void);

/* Threads that one call uses: 1 .. 256, 0: all processors. Holds for the process; changes speed only, never a bit. */
BITLAW_API bitlaw_status bitlaw_set_threads(size_t count);

/* Opens a model file, or model.blm of a training folder; or one that lies in memory (it is copied). Null on failure. */
BITLAW_API bitlaw_model* bitlaw_model_open(const char* path);
BITLAW_API bitlaw_model* bitlaw_model_read(const void* bytes, size_t size);
/* Frees it; null is allowed. No call may be using it. */
BITLAW_API void bitlaw_model_close(bitlaw_model* model);
/* The id by which archives name it. */
BITLAW_API uint64_t bitlaw_model_id(const bitlaw_model* model);

/* The most bytes that an archive of `size` bytes takes with these options (null: defaults). */
BITLAW_API size_t bitlaw_compress_bound(const bitlaw_model* model, size_t size, const bitlaw_options* options);

/* Compresses input [input_size] to output [capacity]; *size becomes the archive's length. The buffers may not overlap. An empty
 * input may be null. */
BITLAW_API bitlaw_status bitlaw_compress(const bitlaw_model* model, const void* input, size_t input_size, void* output,
                                         size_t capacity, size_t* size, const bitlaw_options* options);

/* How many bytes an archive holds, by its index. */
BITLAW_API bitlaw_status bitlaw_plain_size(const void* archive, size_t archive_size, uint64_t* size);

/* Restores an archive to output [capacity]; *size becomes the number of bytes. `model` may be null when the archive holds its own. After
 * a failure the output holds nothing of use. */
BITLAW_API bitlaw_status bitlaw_decompress(const bitlaw_model* model, const void* archive, size_t archive_size,
                                           void* output, size_t capacity, size_t* size);

#ifdef __cplusplus
}
#endif

#endif
