/* Measure the peak rates of one core: float32 multiply-adds, and bytes of memory.

   usage: peaks BYTES...     prints JSON: the rate of multiply-adds, and for an array of each size
                             the bytes per second that are read, and that are updated in place

   Sums are kept in registers. The empty asm statements tell the compiler that a sum may have
   changed, so that it neither folds the loop nor keeps the sums in memory. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#if defined(__x86_64__)
#define IN_REGISTER(x) __asm__ volatile("" : "+v"(x))
#else
#define IN_REGISTER(x) __asm__ volatile("" : "+w"(x))
#endif
#define LANES (BYTES / 4)
#define SUMS 12
#define REPEATS 5
#define SECONDS 0.05

typedef float vec __attribute__((vector_size(BYTES)));

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

#define FOR_ALL(DO) \
    DO(s0) DO(s1) DO(s2) DO(s3) DO(s4) DO(s5) DO(s6) DO(s7) DO(s8) DO(s9) DO(s10) DO(s11)
#define DECLARE(s) vec s = one;
/* clang-format off */
#define MULTIPLY_ADD(s) s = s * factor + term; IN_REGISTER(s);
/* clang-format on */
#define ADD_UP(s) total += s;

static volatile float sink;

static void multiply_add(long n) {
    vec zero = {0}, one = zero + 1, factor = zero + 0.999999f, term = zero + 1e-6f, total = zero;
    FOR_ALL(DECLARE)
    IN_REGISTER(factor);
    IN_REGISTER(term);
    for (long i = 0; i < n; i++) {
        FOR_ALL(MULTIPLY_ADD)
    }
    FOR_ALL(ADD_UP)
    sink = total[0];
}

static void read_all(vec *x, long n) {
    vec a = {0}, b = a, c = a, d = a;
    for (long i = 0; i < n; i += 4) {
        a += x[i], b += x[i + 1], c += x[i + 2], d += x[i + 3];
        IN_REGISTER(a);
        IN_REGISTER(b);
        IN_REGISTER(c);
        IN_REGISTER(d);
    }
    sink = (a + b + c + d)[0];
}

static void update_all(vec *x, long n) {
    vec term = (vec){0} + 1e-6f;
    IN_REGISTER(term);
    for (long i = 0; i < n; i += 4) {
        x[i] += term, x[i + 1] += term, x[i + 2] += term, x[i + 3] += term;
        __asm__ volatile("" ::: "memory");
    }
}

/* Return the best rate of some repeats, in bytes per CPU second. */
static double best_rate(void (*pass)(vec *, long), vec *x, long n_bytes) {
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double start = cpu_seconds(), seconds = 0;
        long n_passes = 0;
        while (seconds < SECONDS) {
            long some = 1 + (1L << 22) / n_bytes;
            for (long i = 0; i < some; i++) pass(x, n_bytes / BYTES);
            n_passes += some;
            seconds = cpu_seconds() - start;
        }
        double rate = (double)n_passes * n_bytes / seconds;
        best = rate > best ? rate : best;
    }
    return best;
}

static double best_flops(void) {
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double start = cpu_seconds(), seconds = 0;
        long n = 0;
        while (seconds < SECONDS) {
            multiply_add(100000);
            n += 100000;
            seconds = cpu_seconds() - start;
        }
        double rate = 2.0 * SUMS * LANES * n / seconds;
        best = rate > best ? rate : best;
    }
    return best;
}

int main(int argc, char **argv) {
    printf("{\"vector_bits\": %d, \"flops\": %.6g, \"bandwidth\": [", 8 * BYTES, best_flops());
    for (int i = 1; i < argc; i++) {
        long n_bytes = atol(argv[i]) / (4 * BYTES) * (4 * BYTES);
        vec *x = aligned_alloc(4096, (n_bytes + 4095) / 4096 * 4096);
        if (!x || n_bytes < 4 * BYTES) return 1;
        memset(x, 0, n_bytes);
        double read = best_rate(read_all, x, n_bytes), update = best_rate(update_all, x, n_bytes);
        printf("%s{\"bytes\": %ld, \"read\": %.6g, \"update\": %.6g}", i > 1 ? ", " : "", n_bytes,
               read, update);
        free(x);
    }
    printf("]}\n");
    return 0;
}
