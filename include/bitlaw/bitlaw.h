/* bitlaw for C: compress and restore with a model or a stack, and measure what each byte costs. Link with -lbitlaw.
 *
 * Threads: every function may be called from any thread. A model and a stack may be used by any number of calls at once, in any
 * threads: nothing in them changes. Only bitlaw_model_close() and bitlaw_stack_close() need that no call is using the object.
 * bitlaw_set_threads() holds for the process. The last error belongs to the calling thread.
 *
 * What a call computes does not depend on the thread's floating-point state, which it leaves as it found it, nor on the number of
 * threads. Functions that can fail return a bitlaw_status or a null pointer; bitlaw_last_error() then says why, in one line. No
 * exception leaves the library. No pointer but an `options` may be null where nothing is said. In a child forked by a process that
 * has used several threads here, calls work with one thread, and give the same bytes.
 *
 * Structs begin with their size: begin with the INIT macro. A later library takes the struct of an earlier header, whose missing
 * fields have their defaults; an earlier library takes that of a later header as long as the fields it does not know are zero. */
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

/* What predicts: a network, frozen or learning, experts that learn the data, or both, mixed. */
typedef struct bitlaw_stack bitlaw_stack;

typedef enum bitlaw_status {
    BITLAW_OK = 0,
    BITLAW_FAILED = 1,    /* damaged or wrong data, another model, no memory */
    BITLAW_WRONG_USE = 2, /* an argument makes no sense */
    BITLAW_TOO_SMALL = 3, /* the output buffer; *size is how many bytes suffice, 0 where that is not known */
    BITLAW_STOPPED = 4    /* a callback ended the work */
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

/* Its status, for functions that return a pointer or a size; BITLAW_OK before any. */
BITLAW_API bitlaw_status bitlaw_last_status(void);

/* Threads that one call uses: 1 .. 256, 0: all processors. Holds for the process; changes speed only, never a bit. */
BITLAW_API bitlaw_status bitlaw_set_threads(size_t count);

/* Opens a model file, model.blm of a training folder, or an installed model by its name ("200k"); or one that lies in memory (it is
 * copied). Null on failure. */
BITLAW_API bitlaw_model* bitlaw_model_open(const char* path);
BITLAW_API bitlaw_model* bitlaw_model_read(const void* bytes, size_t size);
/* Frees it; null is allowed. No call may be using it. */
BITLAW_API void bitlaw_model_close(bitlaw_model* model);
/* The id by which archives name it; 0 on failure. */
BITLAW_API uint64_t bitlaw_model_id(const bitlaw_model* model);

/* The most bytes that an archive of `size` bytes takes with these options (null: defaults). */
BITLAW_API size_t bitlaw_compress_bound(const bitlaw_model* model, size_t size, const bitlaw_options* options);

/* Compresses input [input_size] to output [capacity]; *size becomes the archive's length. The buffers may not overlap. An empty
 * input may be null. */
BITLAW_API bitlaw_status bitlaw_compress(const bitlaw_model* model, const void* input, size_t input_size, void* output,
                                         size_t capacity, size_t* size, const bitlaw_options* options);

/* How many bytes an archive holds, by its index; several that follow each other are read for it. */
BITLAW_API bitlaw_status bitlaw_plain_size(const void* archive, size_t archive_size, uint64_t* size);

/* Restores an archive, or several that follow each other, to output [capacity]; *size becomes the number of bytes. `model` may be null when the archive holds its own. After
 * a failure the output holds nothing of use. */
BITLAW_API bitlaw_status bitlaw_decompress(const bitlaw_model* model, const void* archive, size_t archive_size,
                                           void* output, size_t capacity, size_t* size);

/* ---- Stacks ------------------------------------------------------------------------------------------------------------------ */

/* Experts that learn the data as they are coded, mixed bit by bit. */
typedef enum bitlaw_mix {
    BITLAW_MIX_DEFAULT = 0, /* the level's; without a level none, but full for the network "none" that does not learn */
    BITLAW_MIX_NONE = 1,
    BITLAW_MIX_FAST = 2,
    BITLAW_MIX_FULL = 3
} bitlaw_mix;

/* As the options of `bitlaw compress`. Begin with BITLAW_STACK_OPTIONS_INIT. */
typedef struct bitlaw_stack_options {
    size_t struct_size;        /* sizeof(bitlaw_stack_options) */
    int level;                 /* 1 .. 9; 0: none, and what follows says everything */
    const bitlaw_model* model; /* the network; may be closed before the stack. Null: see network */
    const char* network;       /* without a model: a file, a training folder, "NAME" of an installed model, "init:PRESET[:SEED]"
                                * (fresh weights, which learn) or "none"; null: the level's, without a level none */
    bitlaw_mix mix;
    int learn;                 /* not 0: the network learns what it codes; levels 7 to 9 do so anyway */
    double learn_rate;         /* 0: what suits the network and the data */
    int embed_model;           /* not 0: archives hold the model and restore alone */
    bitlaw_fallback fallback;  /* of archives; default: best */
    uint64_t block_bytes;      /* 1 .. 2^24; 0: the default, 16,000,000 */
    uint64_t streams;          /* of a block, 1 .. 4096; 0: by its length */
    uint64_t memory;           /* of the experts' hashed tables, 2^20 .. 2^30 bytes; 0: the default, 192 MiB */
} bitlaw_stack_options;
#define BITLAW_STACK_OPTIONS_INIT \
    {sizeof(bitlaw_stack_options), 0, NULL, NULL, BITLAW_MIX_DEFAULT, 0, 0.0, 0, BITLAW_FALLBACK_BEST, 0, 0, 0}

/* Opens a stack; null on failure, also where nothing would predict. */
BITLAW_API bitlaw_stack* bitlaw_stack_open(const bitlaw_stack_options* options);
/* Frees it; null is allowed. No call may be using it. */
BITLAW_API void bitlaw_stack_close(bitlaw_stack* stack);

/* How far a call is: bytes done, and what they take in an archive (0 where that is not counted). Called now and then, perhaps by
 * other threads, by one at a time; anything but 0 ends the call with BITLAW_STOPPED. It must not call bitlaw with the same output. */
typedef int (*bitlaw_progress)(void* context, uint64_t done, uint64_t archive);

/* What each byte costs: bits [size] becomes -log2 of the probability that the stack gave it after all before it. Blocks and streams
 * are cut as in an archive, whose size is their sum plus the format's overhead (with BITLAW_FALLBACK_NEVER); for one context from
 * end to end, streams = 1 and a single block. The same doubles on every machine. Fails where the model's alphabet lacks a byte.
 * `progress` may be null. */
BITLAW_API bitlaw_status bitlaw_score(const bitlaw_stack* stack, const void* input, size_t size, double* bits,
                                      bitlaw_progress progress, void* context);

/* The same, and of each byte the whole distribution it was coded with: probability [size * 256], row by row. BITLAW_WRONG_USE for a
 * stack that mixes, which predicts bit by bit. bits may be null. */
BITLAW_API bitlaw_status bitlaw_score_all(const bitlaw_stack* stack, const void* input, size_t size, double* bits,
                                          float* probability, bitlaw_progress progress, void* context);

/* The distribution of the byte that follows a text of up to 2^24 - 1 bytes, as one stream and one block: probability [256], which sum
 * to 1 but for rounding. Reads the text once; with a stack that mixes 128 times. An empty text may be null. */
BITLAW_API bitlaw_status bitlaw_next(const bitlaw_stack* stack, const void* text, size_t size, double* probability);

/* Draws `count` bytes that follow a prompt, one after the other; the same bytes for the same seed on every machine, and, of a
 * network alone, as `bitlaw sample`. Temperature 1: as predicted; 0: the likeliest byte (of a stack that mixes: bit); other values
 * for a network that does not learn, alone: 0.001 .. 100. An empty prompt may be null. */
BITLAW_API bitlaw_status bitlaw_sample(const bitlaw_stack* stack, const void* prompt, size_t size, uint64_t seed,
                                       double temperature, void* output, size_t count);

/* ---- Streams of any length --------------------------------------------------------------------------------------------------- */

/* Where bytes come from and go to. Begin with BITLAW_IO_INIT. */
typedef struct bitlaw_io {
    size_t struct_size; /* sizeof(bitlaw_io) */
    void* context;      /* handed to the functions */
    /* Puts up to `capacity` bytes into buffer and how many into *size, 0 at the end. Anything but 0 returned ends the call. */
    int (*read)(void* context, void* buffer, size_t capacity, size_t* size);
    /* Takes all the bytes. Anything but 0 returned ends the call. */
    int (*write)(void* context, const void* bytes, size_t size);
    bitlaw_progress progress; /* null: none */
    uint64_t input_bytes;     /* how many will come, where that is known: sizes the experts' tables; 0: a block */
} bitlaw_io;
#define BITLAW_IO_INIT {sizeof(bitlaw_io), NULL, NULL, NULL, NULL, 0}

/* Compresses all that read() gives. read and write are called by the calling thread. Memory: about two blocks and the contexts. */
BITLAW_API bitlaw_status bitlaw_compress_stream(const bitlaw_stack* stack, const bitlaw_io* io);

/* Restores an archive, or several that follow each other. `model` null: the model inside, or the installed one with the archive's id
 * (BITLAW_MODELS, checkpoints of the checkout, share/bitlaw of the prefix). What was written before a failure must be thrown away. */
BITLAW_API bitlaw_status bitlaw_restore_stream(const bitlaw_model* model, const bitlaw_io* io);

#ifdef __cplusplus
}
#endif

#endif
