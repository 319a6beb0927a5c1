/* What the C interface promises: check MODEL FILE. Prints "ok NAME" or "not ok NAME" for each. */
#include <bitlaw/bitlaw.h>
#include <fenv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

enum { kInput = 3000, kLong = 150000, kBound = 200000, kThreads = 4 };

static const bitlaw_model* model;
static unsigned char input[kInput];
static unsigned char archive[kBound];
static size_t archive_size;

/* Compresses and restores, fails once in between, and finds its own error. */
static void* work(void* result) {
    unsigned char code[kBound], plain[kInput];
    size_t size = 0, plain_size = 0;
    int fine = 1;
    for (int round = 0; round < 3; ++round) {
        fine &= bitlaw_compress(model, input, kInput, code, kBound, &size, NULL) == BITLAW_OK;
        fine &= size == archive_size && memcmp(code, archive, size) == 0;
        fine &= bitlaw_decompress(model, "x", 1, plain, kInput, &plain_size) == BITLAW_FAILED;
        fine &= strstr(bitlaw_last_error(), "only 1 bytes") != NULL;
        fine &= bitlaw_decompress(model, code, size, plain, kInput, &plain_size) == BITLAW_OK;
        fine &= plain_size == kInput && memcmp(plain, input, kInput) == 0;
    }
    *(int*)result = fine;
    return NULL;
}

/* Two streams, after this process has used two threads: a child that waits for them would wait for ever. */
static int child_gives_the_same(void) {
    static unsigned char text[kLong], before[kBound], after[kBound];
    size_t size = 0, child_size = 0;
    int status = 1;
    for (size_t i = 0; i < kLong; ++i) text[i] = input[i % kInput];
    if (bitlaw_set_threads(2) != BITLAW_OK) return 0;
    if (bitlaw_compress(model, text, kLong, before, kBound, &size, NULL) != BITLAW_OK) return 0;
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        const bitlaw_status done = bitlaw_compress(model, text, kLong, after, kBound, &child_size, NULL);
        _exit(done == BITLAW_OK && child_size == size && memcmp(before, after, size) == 0 ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    FILE* file = fopen(argv[2], "rb");
    if (file == NULL || fread(input, 1, kInput, file) != kInput) return 2;
    fclose(file);
    unsigned char plain[kInput];
    size_t size = 0;

    expect(bitlaw_last_error()[0] == '\0', "no error before any");
    expect(bitlaw_model_open("nowhere") == NULL, "a missing model");
    expect(strstr(bitlaw_last_error(), "nowhere") != NULL, "is named in the error");
    expect(bitlaw_model_read(input, 10) == NULL, "bytes that are no model");
    expect(bitlaw_model_open(NULL) == NULL, "no path");
    expect(bitlaw_model_id(NULL) == 0 && bitlaw_last_status() == BITLAW_WRONG_USE && strstr(bitlaw_last_error(), "model") != NULL,
           "the id of no model");
    expect(bitlaw_model_open("none") == NULL && bitlaw_last_status() == BITLAW_WRONG_USE, "none is a network of stacks only");
    bitlaw_model* opened = bitlaw_model_open(argv[1]);
    expect(opened != NULL, "a model is opened");
    model = opened;
    expect(bitlaw_set_threads(2) == BITLAW_OK && bitlaw_set_threads(1000) == BITLAW_WRONG_USE, "threads");
    expect(bitlaw_set_threads(0) == BITLAW_OK, "all threads");

    const size_t bound = bitlaw_compress_bound(model, kInput, NULL);
    expect(bound > kInput && bound < kInput + 120, "the bound");
    expect(bitlaw_compress(model, input, kInput, archive, kBound, &archive_size, NULL) == BITLAW_OK, "compress");
    expect(archive_size <= bound, "within the bound");
    uint64_t found = 0;
    expect(bitlaw_plain_size(archive, archive_size, &found) == BITLAW_OK && found == kInput, "plain size");
    expect(bitlaw_decompress(model, archive, archive_size, plain, kInput, &size) == BITLAW_OK && size == kInput &&
               memcmp(plain, input, kInput) == 0,
           "decompress");
    expect(bitlaw_decompress(model, archive, archive_size, plain, kInput - 1, &size) == BITLAW_TOO_SMALL && size == kInput,
           "a buffer that is too small for the plain bytes, and what suffices");
    expect(bitlaw_compress(model, input, kInput, plain, 10, &size, NULL) == BITLAW_TOO_SMALL && size == bound,
           "or for the archive");
    archive[archive_size - 1] ^= 1;
    expect(bitlaw_decompress(model, archive, archive_size, plain, 10, &size) == BITLAW_TOO_SMALL && size == 0,
           "what suffices is not known without the index");
    archive[archive_size - 1] ^= 1;
    expect(bitlaw_compress(NULL, input, kInput, plain, 10, &size, NULL) == BITLAW_WRONG_USE, "a null model");
    archive[archive_size / 2] ^= 1;
    expect(bitlaw_decompress(model, archive, archive_size, plain, kInput, &size) == BITLAW_FAILED, "damage");
    archive[archive_size / 2] ^= 1;

    bitlaw_options options = BITLAW_OPTIONS_INIT;
    options.embed_model = 1;
    options.block_bytes = 1000;
    unsigned char alone[kBound];
    size_t alone_size = 0;
    expect(bitlaw_compress(model, input, kInput, alone, kBound, &alone_size, &options) == BITLAW_OK &&
               alone_size <= bitlaw_compress_bound(model, kInput, &options),
           "embed the model");
    expect(bitlaw_decompress(NULL, alone, alone_size, plain, kInput, &size) == BITLAW_OK && size == kInput, "alone");
    options.embed_model = 0;
    options.fallback = BITLAW_FALLBACK_NEVER;
    expect(bitlaw_compress(model, input, kInput, alone, kBound, &alone_size, &options) == BITLAW_OK && alone_size > archive_size,
           "the default fallback finds less than the model alone");
    expect(bitlaw_decompress(NULL, alone, alone_size, plain, kInput, &size) == BITLAW_FAILED, "no model");
    options.struct_size = 3;
    expect(bitlaw_compress(model, input, kInput, alone, kBound, &alone_size, &options) == BITLAW_WRONG_USE,
           "options of another size");
    expect(bitlaw_compress(model, NULL, 0, alone, kBound, &alone_size, NULL) == BITLAW_OK &&
               bitlaw_decompress(model, alone, alone_size, NULL, 0, &size) == BITLAW_OK && size == 0,
           "an empty input");

    fesetround(FE_DOWNWARD);
    expect(bitlaw_compress(model, input, kInput, alone, kBound, &alone_size, NULL) == BITLAW_OK &&
               alone_size == archive_size && memcmp(alone, archive, archive_size) == 0,
           "the same bytes with another rounding");
    expect(fegetround() == FE_DOWNWARD, "which stays as it was");
    fesetround(FE_TONEAREST);

    pthread_t threads[kThreads];
    int results[kThreads];
    for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, work, &results[i]);
    int all = 1;
    for (int i = 0; i < kThreads; ++i) {
        pthread_join(threads[i], NULL);
        all &= results[i];
    }
    expect(all, "threads beside each other, each with its own error");
    expect(child_gives_the_same(), "a forked child works, with one thread");
    bitlaw_model_close(opened);
    bitlaw_model_close(NULL);
    return failures > 0;
}
