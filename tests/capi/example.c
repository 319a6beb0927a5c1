/* The C interface, as a program would use it: example MODEL FILE. Compresses the file in memory, restores it, and says what it found. */
#include <bitlaw/bitlaw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char* what) {
    fprintf(stderr, "%s: %s\n", what, bitlaw_last_error());
    return EXIT_FAILURE;
}

/* The file's bytes, which the caller frees; null when it cannot be read. */
static unsigned char* read_whole(const char* path, size_t* size) {
    FILE* file = fopen(path, "rb");
    unsigned char* bytes = NULL;
    long length = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0) {
        bytes = malloc((size_t)length + 1);
        rewind(file);
        if (bytes != NULL && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (file != NULL) fclose(file);
    *size = bytes == NULL ? 0 : (size_t)length;
    return bytes;
}

int main(int argc, char** argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: example MODEL FILE\n");
        return 2;
    }
    bitlaw_model* model = bitlaw_model_open(argv[1]);
    if (model == NULL) return failed("open");
    size_t size = 0;
    unsigned char* plain = read_whole(argv[2], &size);
    if (plain == NULL) {
        fprintf(stderr, "cannot read %s\n", argv[2]);
        return EXIT_FAILURE;
    }

    const size_t bound = bitlaw_compress_bound(model, size, NULL);
    unsigned char* archive = malloc(bound);
    size_t archive_size = 0;
    if (bitlaw_compress(model, plain, size, archive, bound, &archive_size, NULL) != BITLAW_OK) return failed("compress");

    uint64_t plain_size = 0;
    if (bitlaw_plain_size(archive, archive_size, &plain_size) != BITLAW_OK) return failed("plain size");
    unsigned char* restored = malloc((size_t)plain_size + 1);
    size_t restored_size = 0;
    if (bitlaw_decompress(model, archive, archive_size, restored, (size_t)plain_size, &restored_size) != BITLAW_OK) {
        return failed("decompress");
    }
    const int same = restored_size == size && memcmp(plain, restored, size) == 0;
    printf("bitlaw %s, model %016llx: %zu -> %zu bytes, %s\n", bitlaw_version(),
           (unsigned long long)bitlaw_model_id(model), size, archive_size, same ? "restored" : "NOT the same");

    free(restored);
    free(archive);
    free(plain);
    bitlaw_model_close(model);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
