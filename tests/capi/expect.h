/* What a program of these tests prints of each promise. */
#include <bitlaw/bitlaw.h>
#include <stdio.h>

static int failures = 0;

static void expect(int holds, const char* name) {
    printf("%s %s\n", holds ? "ok" : "not ok", name);
    if (!holds) {
        printf("last error: %s\n", bitlaw_last_error());
        failures += 1;
    }
}
