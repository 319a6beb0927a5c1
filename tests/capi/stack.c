/* What stacks of the C interface promise: stack MODEL FILE. Prints "ok NAME" or "not ok NAME" for each; after "ok", "sample HEX". */
#include <bitlaw/bitlaw.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

enum { kInput = 3000, kRoom = 400000, kThreads = 4, kSampled = 24 };

static unsigned char input[kInput];

/* A buffer that is read in odd pieces and another that is written; stops where it is told to. */
typedef struct {
    const unsigned char* from;
    size_t left, used, reads, calls;
    unsigned char to[kRoom];
    size_t stop_read, stop_write, stop_progress, lie;
} Pipe;

static int pipe_read(void* context, void* buffer, size_t capacity, size_t* size) {
    Pipe* p = context;
    p->reads += 1;
    if (p->reads == p->stop_read) return 7;
    *size = p->left < 777 ? p->left : 777;
    if (*size > capacity) *size = capacity;
    memcpy(buffer, p->from, *size);
    p->from += *size;
    p->left -= *size;
    *size += p->lie;
    return 0;
}

static int pipe_write(void* context, const void* bytes, size_t size) {
    Pipe* p = context;
    if (p->stop_write || size > kRoom - p->used) return 8;
    memcpy(p->to + p->used, bytes, size);
    p->used += size;
    return 0;
}

static int pipe_progress(void* context, uint64_t done, uint64_t archive) {
    Pipe* p = context;
    p->calls += done > 0 || archive > 0;
    return p->stop_progress ? 9 : 0;
}

static bitlaw_io io_of(Pipe* p, const void* from, size_t size) {
    bitlaw_io io = BITLAW_IO_INIT;
    memset(p, 0, sizeof *p);
    p->from = from;
    p->left = size;
    io.context = p;
    io.read = pipe_read;
    io.write = pipe_write;
    io.progress = pipe_progress;
    return io;
}

static Pipe packed, restored;

/* The archive's size, 0 when it does not come back. */
static size_t round_trip(const bitlaw_stack* stack, const bitlaw_model* model) {
    const bitlaw_io in = io_of(&packed, input, kInput);
    if (stack == NULL || bitlaw_compress_stream(stack, &in) != BITLAW_OK) return 0;
    const bitlaw_io out = io_of(&restored, packed.to, packed.used);
    if (bitlaw_restore_stream(model, &out) != BITLAW_OK) return 0;
    return restored.used == kInput && memcmp(restored.to, input, kInput) == 0 ? packed.used : 0;
}

static double sum_of(const double* bits, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += bits[i];
    return sum;
}

static bitlaw_stack* open_with(const bitlaw_model* model, bitlaw_mix mix, int learn) {
    bitlaw_stack_options options = BITLAW_STACK_OPTIONS_INIT;
    options.model = model;
    options.mix = mix;
    options.learn = learn;
    options.fallback = BITLAW_FALLBACK_NEVER;
    return bitlaw_stack_open(&options);
}

static double bits[kInput], other[kInput], next[256];
static float rows[kInput * 256];

/* An archive's bits, the sum of what its bytes cost, the same distribution by two ways. */
static void measure(const bitlaw_model* model, bitlaw_mix mix, int learn, const char* name) {
    char text[100];
    bitlaw_stack* stack = open_with(model, mix, learn);
    const size_t size = round_trip(stack, model);
    snprintf(text, sizeof text, "%s: streams round trip", name);
    expect(size > 0 && packed.calls > 0 && restored.calls > 0, text);
    Pipe* watch = &packed;
    watch->calls = watch->stop_progress = 0;
    const bitlaw_status scored = bitlaw_score(stack, input, kInput, bits, pipe_progress, watch);
    const double bytes = sum_of(bits, kInput) / 8;
    snprintf(text, sizeof text, "%s: the bytes' bits sum up to the archive", name);
    expect(scored == BITLAW_OK && watch->calls > 0 && bytes > (double)size - 250 && bytes < (double)size, text);
    const size_t at = 600;
    snprintf(text, sizeof text, "%s: the next byte's distribution", name);
    expect(bitlaw_next(stack, input, at, next) == BITLAW_OK && fabs(sum_of(next, 256) - 1) < 1e-6, text);
    snprintf(text, sizeof text, "%s: it is what the byte is coded with", name);
    expect(bitlaw_score(stack, input, at + 1, other, NULL, NULL) == BITLAW_OK &&
               fabs(-log2(next[input[at]]) - other[at]) < 1e-6,
           text);
    watch->stop_progress = 1;
    snprintf(text, sizeof text, "%s: a measurement is stopped", name);
    expect(bitlaw_score(stack, input, kInput, bits, pipe_progress, watch) == BITLAW_STOPPED && bitlaw_last_status() == BITLAW_STOPPED,
           text);
    bitlaw_stack_close(stack);
}

static const bitlaw_stack* shared;

static void* score_again(void* result) {
    double own[kInput];
    int fine = 1;
    for (int round = 0; round < 3; ++round) {
        fine &= bitlaw_score(shared, input, kInput, own, NULL, NULL) == BITLAW_OK && memcmp(own, bits, sizeof own) == 0;
        fine &= bitlaw_score(shared, NULL, 5, own, NULL, NULL) == BITLAW_WRONG_USE && strstr(bitlaw_last_error(), "null") != NULL;
    }
    *(int*)result = fine;
    return NULL;
}

static int refused(bitlaw_stack_options options) {
    return bitlaw_stack_open(&options) == NULL && bitlaw_last_status() == BITLAW_WRONG_USE;
}

static void check_options(const bitlaw_model* model) {
    struct {
        bitlaw_stack_options known;
        uint64_t later;
    } newer = {BITLAW_STACK_OPTIONS_INIT, 0};
    newer.known.struct_size = sizeof newer;
    newer.known.model = model;
    bitlaw_stack* stack = bitlaw_stack_open(&newer.known);
    expect(stack != NULL, "options of a later version whose new fields are zero");
    bitlaw_stack_close(stack);
    newer.later = 1;
    expect(bitlaw_stack_open(&newer.known) == NULL && bitlaw_last_status() == BITLAW_WRONG_USE, "but not with a field that is set");
    const bitlaw_stack_options init = BITLAW_STACK_OPTIONS_INIT;
    bitlaw_stack_options o = init;
    expect(refused(o), "a stack of nothing");
    expect(bitlaw_stack_open(NULL) == NULL, "no options");
    const size_t sizes[] = {0, 3, sizeof o - 8, (size_t)-1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        o = init, o.model = model, o.struct_size = sizes[i];
        expect(refused(o), "options of a size that is none");
    }
    o = init, o.level = 10, expect(refused(o), "a level that is none");
    o = init, o.level = -1, expect(refused(o), "a negative level");
    o = init, o.mix = (bitlaw_mix)3, o.memory = (uint64_t)1 << 50, expect(refused(o), "hostile memory");
    o = init, o.mix = BITLAW_MIX_FAST, o.block_bytes = (uint64_t)-1, expect(refused(o), "hostile blocks");
    o = init, o.mix = BITLAW_MIX_FAST, o.streams = (uint64_t)-1, expect(refused(o), "hostile streams");
    o = init, o.mix = BITLAW_MIX_FAST, o.learn = 1, expect(refused(o), "nothing that learns");
    o = init, o.model = model, o.network = "none", expect(refused(o), "a network twice");
    o = init, o.model = model, o.learn_rate = 1, expect(refused(o), "a rate without learning");
    o = init, o.model = model, o.learn = 1, o.learn_rate = NAN, expect(refused(o), "a rate that is no number");
    o = init, o.network = "init:50k", expect(refused(o), "fresh weights that do not learn");
    o = init, o.network = "init:nothing", o.learn = 1, expect(refused(o), "a preset that is none");
    o = init, o.network = "none", o.mix = BITLAW_MIX_NONE, expect(refused(o), "no network and no experts");
    o = init, o.network = "none", o.learn = 1, expect(refused(o), "no network that learns");
    o = init, o.network = "none", stack = bitlaw_stack_open(&o);
    const size_t none = round_trip(stack, NULL);
    bitlaw_stack_close(stack);
    o = init, o.mix = BITLAW_MIX_FULL, stack = bitlaw_stack_open(&o);
    expect(none > 0 && none == round_trip(stack, NULL), "without a network the full set of experts codes");
    bitlaw_stack_close(stack);
    o = init, o.network = "nowhere", expect(bitlaw_stack_open(&o) == NULL && bitlaw_last_status() == BITLAW_FAILED, "no such network");
    o = init, o.level = 1, stack = bitlaw_stack_open(&o);
    expect(round_trip(stack, NULL) > 0, "level 1 needs no model");
    bitlaw_stack_close(stack);
    o = init, o.network = "init:50k:7", o.learn = 1, stack = bitlaw_stack_open(&o);
    expect(round_trip(stack, NULL) > 0, "fresh weights are drawn again");
    bitlaw_stack_close(stack);
    o = init, o.level = 3, o.model = model, o.embed_model = 1, stack = bitlaw_stack_open(&o);
    expect(round_trip(stack, NULL) > 0, "a level with another model, which is embedded");
    bitlaw_stack_close(stack);
}

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    FILE* file = fopen(argv[2], "rb");
    if (file == NULL || fread(input, 1, kInput, file) != kInput) return 2;
    fclose(file);
    expect(bitlaw_last_status() == BITLAW_OK, "no error before any");
    bitlaw_model* model = bitlaw_model_open(argv[1]);
    if (model == NULL) return 2;
    check_options(model);
    measure(model, BITLAW_MIX_NONE, 0, "network");
    measure(model, BITLAW_MIX_NONE, 1, "learning");
    measure(model, BITLAW_MIX_FAST, 0, "mixed");
    measure(NULL, BITLAW_MIX_FAST, 0, "experts alone");

    bitlaw_stack* stack = open_with(model, BITLAW_MIX_NONE, 0);
    bitlaw_model_close(model);
    expect(bitlaw_score_all(stack, input, kInput, bits, rows, NULL, NULL) == BITLAW_OK, "all distributions; the model is closed already");
    int agree = 1;
    for (size_t i = 0; i < kInput; i += 97) {
        double sum = 0;
        for (size_t j = 0; j < 256; ++j) sum += rows[256 * i + j];
        agree &= fabs(sum - 1) < 1e-4 && fabs(-log2(rows[256 * i + input[i]]) - bits[i]) < 1e-4;
    }
    expect(agree, "they sum to 1 and give the bytes' bits");
    expect(bitlaw_score_all(stack, input, kInput, NULL, rows, NULL, NULL) == BITLAW_OK, "without bits");
    expect(bitlaw_next(stack, NULL, 0, next) == BITLAW_OK && fabs(next[input[0]] - rows[input[0]]) < 1e-6, "what begins a text");
    expect(bitlaw_score(stack, input, (size_t)-1, bits, NULL, NULL) == BITLAW_WRONG_USE, "a hostile size");
    expect(bitlaw_next(stack, input, (size_t)1 << 24, next) == BITLAW_WRONG_USE, "a text that is too long");
    expect(bitlaw_score(NULL, input, 1, bits, NULL, NULL) == BITLAW_WRONG_USE, "no stack");
    expect(bitlaw_score(stack, NULL, 0, NULL, NULL, NULL) == BITLAW_OK, "nothing to measure");

    unsigned char drawn[kSampled], again[kSampled];
    expect(bitlaw_sample(stack, "the ", 4, 5, 1, drawn, kSampled) == BITLAW_OK &&
               bitlaw_sample(stack, "the ", 4, 5, 1, again, kSampled) == BITLAW_OK && memcmp(drawn, again, kSampled) == 0,
           "a seed gives the same text");
    expect(bitlaw_sample(stack, "the ", 4, 5, 0, drawn, kSampled) == BITLAW_OK && bitlaw_next(stack, "the ", 4, next) == BITLAW_OK, "greedily");
    int likeliest = 1;
    for (size_t j = 0; j < 256; ++j) likeliest &= next[j] <= next[drawn[0]];
    expect(likeliest, "the likeliest byte comes first");
    expect(bitlaw_sample(stack, "the ", 4, 5, -1, drawn, kSampled) == BITLAW_WRONG_USE, "a temperature that is none");

    const bitlaw_status scored = bitlaw_score(stack, input, kInput, bits, NULL, NULL);
    shared = stack;
    pthread_t threads[kThreads];
    int results[kThreads];
    for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, score_again, &results[i]);
    int all = scored == BITLAW_OK;
    for (int i = 0; i < kThreads; ++i) {
        pthread_join(threads[i], NULL);
        all &= results[i];
    }
    expect(all, "threads share a stack, each with its own error");

    bitlaw_io io = io_of(&packed, input, kInput);
    packed.stop_read = 2;
    expect(bitlaw_compress_stream(stack, &io) == BITLAW_STOPPED && strstr(bitlaw_last_error(), "7") != NULL, "reading stops it");
    io = io_of(&packed, input, kInput);
    packed.stop_write = 1;
    expect(bitlaw_compress_stream(stack, &io) == BITLAW_STOPPED && strstr(bitlaw_last_error(), "8") != NULL, "writing stops it");
    io = io_of(&packed, input, kInput);
    packed.stop_progress = 1;
    expect(bitlaw_compress_stream(stack, &io) == BITLAW_STOPPED && strstr(bitlaw_last_error(), "9") != NULL, "progress stops it");
    io = io_of(&packed, input, kInput);
    packed.lie = (size_t)1 << 40;
    expect(bitlaw_compress_stream(stack, &io) == BITLAW_WRONG_USE, "more read than was asked for");
    io = io_of(&packed, input, kInput);
    io.write = NULL;
    expect(bitlaw_compress_stream(stack, &io) == BITLAW_WRONG_USE, "no function to write");
    io = io_of(&packed, input, kInput);
    io.struct_size = 1;
    expect(bitlaw_restore_stream(NULL, &io) == BITLAW_WRONG_USE, "io of another size");
    io = io_of(&packed, input, kInput);
    expect(bitlaw_restore_stream(NULL, &io) == BITLAW_FAILED, "what is no archive");
    (void)bitlaw_sample(stack, "the ", 4, 5, 1, drawn, kSampled);
    printf("sample ");
    for (size_t i = 0; i < kSampled; ++i) printf("%02x", drawn[i]);
    printf("\n");
    bitlaw_stack_close(stack);
    bitlaw_stack_close(NULL);

    bitlaw_stack_options mixed = BITLAW_STACK_OPTIONS_INIT;
    mixed.mix = BITLAW_MIX_FAST;
    stack = bitlaw_stack_open(&mixed);
    expect(bitlaw_sample(stack, input, 500, 3, 1, drawn, kSampled) == BITLAW_OK &&
               bitlaw_sample(stack, input, 500, 3, 1, again, kSampled) == BITLAW_OK && memcmp(drawn, again, kSampled) == 0,
           "experts alone are drawn from");
    expect(bitlaw_sample(stack, input, 500, 3, 0.5, drawn, kSampled) == BITLAW_WRONG_USE, "at temperature 1 or 0 only");
    expect(bitlaw_score_all(stack, input, kInput, bits, rows, NULL, NULL) == BITLAW_WRONG_USE, "they have no table of a byte");
    bitlaw_stack_close(stack);
    return failures > 0;
}
