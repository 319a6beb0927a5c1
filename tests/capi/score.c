/* What each byte of a text costs: score MODEL FILE. Prints the bits of all and the byte that surprised most, with what was expected. */
#include <bitlaw/bitlaw.h>
#include <stdio.h>
#include <stdlib.h>

enum { kMost = 1 << 20 };

static int failed(const char* what) {
    fprintf(stderr, "%s: %s\n", what, bitlaw_last_error());
    return EXIT_FAILURE;
}

int main(int argc, char** argv) {
    static unsigned char text[kMost];
    static double bits[kMost], next[256];
    FILE* file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: score MODEL FILE\n");
        return 2;
    }
    const size_t size = fread(text, 1, kMost, file);
    fclose(file);

    bitlaw_stack_options options = BITLAW_STACK_OPTIONS_INIT;
    options.network = argv[1];
    bitlaw_stack* stack = bitlaw_stack_open(&options);
    if (stack == NULL) return failed("open");
    if (bitlaw_score(stack, text, size, bits, NULL, NULL) != BITLAW_OK) return failed("score");

    double sum = 0;
    size_t most = 0;
    for (size_t i = 0; i < size; ++i) {
        sum += bits[i];
        if (bits[i] > bits[most]) most = i;
    }
    if (bitlaw_next(stack, text, most, next) != BITLAW_OK) return failed("next");
    int likeliest = 0;
    for (int byte = 1; byte < 256; ++byte) {
        if (next[byte] > next[likeliest]) likeliest = byte;
    }
    printf("%zu bytes, %.1f bits; byte %zu is %d and cost %.1f bits, where %d was the likeliest\n", size, sum, most, text[most],
           bits[most], likeliest);
    bitlaw_stack_close(stack);
    return EXIT_SUCCESS;
}
