/* SPDX-License-Identifier: MIT */

/* limits [--most MIB] [--repeat N]
 *
 * What one core allows, on one thread (to be pinned by the caller), one number a line:
 * fused multiply-adds of vectors, by instruction set; memory fresh from the kernel; and for
 * arrays of several sizes reading from end to end, loads that wait for each other, and rows
 * of 512 bytes at random places, read, or read and changed. Arrays are in huge pages, as
 * the library's are. Rows are fetched ahead, as far as is best: distances are tried, and
 * the best ones are printed, that into the second level of caches and that into the first.
 * What is measured of one size takes turns; CPU seconds, the median of the repetitions, the
 * least and the greatest. --most leaves larger arrays out.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise() */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "alloc.h"
#include "bench.h"
#include "clock.h"
#include "gather.h"
#include "isa.h"
#include "limits.h"
#include "random.h"

enum {
    FUSE_TIMES = 1 << 23,
    READ_BYTES = 1 << 28, /* at least, a turn */
    NUM_LOADS = 1 << 18,
    NUM_ROWS = 1 << 18,
    FRESH_BYTES = 1 << 27,
    PAGE_BYTES = 1 << 12,
    LINE_WORDS = 8,
    NUM_SIZES = 8,
    NUM_DISTANCES = 7,
    FARTHEST = 64
};

static const int sizes[NUM_SIZES] = {/* KiB */
                                     16,       256,      1024,      8 << 10,
                                     16 << 10, 55 << 10, 190 << 10, 1000 << 10};
static const gather_ahead distances[NUM_DISTANCES] = {{0, 0},  {0, 8},  {0, 16}, {16, 0},
                                                      {32, 0}, {32, 8}, {64, 8}};

/* What is measured of an array: the latter two at each distance. */
enum {
    READ,
    LOAD,
    ROWS,
    CHANGES = ROWS + NUM_DISTANCES,
    NUM_MEASURED = CHANGES + NUM_DISTANCES
};

typedef struct bench {
    int most, repeat;
    h2vi_isa isa;
    size_t num_words; /* of the array */
    uint64_t *words;  /* the first of each line is the number of the line to load next */
    uint32_t *order;  /* of rows, shape [NUM_ROWS + FARTHEST] */
    double seconds[NUM_MEASURED][BENCH_MAX_REPEAT];
} bench;

static volatile uint64_t sink; /* what is read is used */

static h2v_status parse(char **argv, bench *b)
{
    *b = (bench){.most = 1000, .repeat = 5, .isa = h2vi_best_isa()};
    h2v_status status = H2V_OK;
    for (int i = 1; status == H2V_OK && argv[i]; i += 2) {
        if (strcmp(argv[i], "--most") == 0)
            status = bench_number(argv[i], argv[i + 1], 1000, &b->most);
        else if (strcmp(argv[i], "--repeat") == 0)
            status = bench_number(argv[i], argv[i + 1], BENCH_MAX_REPEAT, &b->repeat);
        else
            status = h2v_fail(H2V_ERR_ARGUMENT, "%s: no such option", argv[i]);
    }
    if (status == H2V_OK && b->isa == H2VI_SCALAR)
        status = h2v_fail(H2V_ERR_ARGUMENT, "This machine has no AVX2");
    return status;
}

static const limits_loops *loops_of(h2vi_isa isa)
{
    return isa == H2VI_AVX512 ? &limits_avx512 : &limits_avx2;
}

/* `amount` in so many seconds, or seconds of so many. */
static void print_rate(const bench *b, const char *label, double amount, double *seconds)
{
    const double median = bench_median(b->repeat, seconds);
    (void)printf("%s per second: %.2f (%.2f to %.2f)\n", label, amount / median,
                 amount / seconds[b->repeat - 1], amount / seconds[0]);
}

static void print_nanoseconds(const bench *b, const char *label, int count, double *seconds)
{
    const double unit = 1e9 / count, median = bench_median(b->repeat, seconds);
    (void)printf("%s, nanoseconds: %.2f (%.2f to %.2f)\n", label, unit * median,
                 unit * seconds[0], unit * seconds[b->repeat - 1]);
}

/* ---- arithmetic, and memory of the kernel ---- */

static void fuse_one(void *context, int i)
{
    (void)context;
    sink = (uint64_t)loops_of((h2vi_isa)(H2VI_AVX2 + i))->fuse(FUSE_TIMES);
}

static void measure_fuse(bench *b)
{
    bench_turns(b->repeat, (int)b->isa - H2VI_AVX2 + 1, fuse_one, b,
                &b->seconds[H2VI_AVX2]);
    for (int isa = H2VI_AVX2; isa <= (int)b->isa; isa++) {
        char label[64];
        (void)snprintf(label, sizeof label, "%s, billion vectors multiplied and added",
                       h2vi_isa_name((h2vi_isa)isa));
        print_rate(b, label, 1e-9 * LIMITS_FUSED * FUSE_TIMES, b->seconds[isa]);
    }
}

/* Seconds of the first touch, page by page. */
static h2v_status touch_fresh(int advice, double *seconds)
{
    char *fresh =
        mmap(NULL, FRESH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) return h2vi_fail_memory("fresh pages");
    (void)madvise(fresh, FRESH_BYTES, advice);
    const double start = h2vi_thread_seconds();
    for (size_t i = 0; i < FRESH_BYTES; i += PAGE_BYTES) ((volatile char *)fresh)[i] = 1;
    *seconds = h2vi_thread_seconds() - start;
    (void)munmap(fresh, FRESH_BYTES);
    return H2V_OK;
}

static h2v_status measure_fresh(bench *b)
{
    static const int advices[2] = {MADV_NOHUGEPAGE, MADV_HUGEPAGE};
    h2v_status status = H2V_OK;
    for (int turn = 0; turn < b->repeat; turn++)
        for (int i = 0; status == H2V_OK && i < 2; i++)
            status = touch_fresh(advices[i], &b->seconds[i][turn]);
    if (status != H2V_OK) return status;
    print_rate(b, "fresh pages of 4 KiB, GB", 1e-9 * FRESH_BYTES, b->seconds[0]);
    print_rate(b, "fresh huge pages, GB", 1e-9 * FRESH_BYTES, b->seconds[1]);
    return H2V_OK;
}

/* ---- arrays ---- */

static uint32_t draw(uint32_t what, size_t i, uint32_t n)
{
    const h2vi_words words = h2vi_random(1, H2VI_FOR_GENERATOR, 0, what, (uint32_t)i, 0);
    return h2vi_below(words.w[0], n);
}

/* Lines in one cycle (Sattolo 1986, doi:10.1016/0020-0190(86)90073-6), and rows. */
static void arrange(bench *b)
{
    const size_t num_lines = b->num_words / LINE_WORDS;
    for (size_t i = 0; i < num_lines; i++) b->words[i * LINE_WORDS] = i;
    for (size_t i = num_lines - 1; i > 0; i--) {
        uint64_t *one = &b->words[i * LINE_WORDS];
        uint64_t *other = &b->words[(size_t)draw(0, i, (uint32_t)i) * LINE_WORDS];
        const uint64_t line = *one;
        *one = *other;
        *other = line;
    }
    for (size_t i = 0; i < NUM_ROWS + FARTHEST; i++)
        b->order[i] = draw(1, i, (uint32_t)(b->num_words / LIMITS_ROW));
}

static size_t num_passes(const bench *b)
{
    const size_t passes = READ_BYTES / (b->num_words * sizeof *b->words);
    return passes > 0 ? passes : 1;
}

static void read_through(const bench *b)
{
    read_words *const read = b->isa == H2VI_AVX512 ? gather_avx512.read : gather_avx2.read;
    for (size_t pass = 0; pass < num_passes(b); pass++) sink = read(b->num_words, b->words);
}

static void load_in_turn(const bench *b)
{
    uint64_t line = 0;
    for (int i = 0; i < NUM_LOADS; i++) line = b->words[line * LINE_WORDS];
    sink = line;
}

/* Lines keep their numbers: zero is added, of which the compiler knows nothing. */
static void run_one(void *context, int what)
{
    const bench *b = context;
    const limits_loops *loops = loops_of(b->isa);
    static const volatile uint64_t zero = 0;
    if (what == READ)
        read_through(b);
    else if (what == LOAD)
        load_in_turn(b);
    else if (what < CHANGES)
        sink = loops->read(b->words, b->order, NUM_ROWS, distances[what - ROWS]);
    else
        loops->change(b->words, b->order, NUM_ROWS, distances[what - CHANGES], zero);
}

static void print_rows(bench *b, const char *size, const char *name, int first)
{
    char label[96];
    int best = 0;
    for (int i = 1; i < NUM_DISTANCES; i++)
        if (bench_median(b->repeat, b->seconds[first + i]) <
            bench_median(b->repeat, b->seconds[first + best]))
            best = i;
    (void)snprintf(label, sizeof label, "%s, a row %s", size, name);
    print_nanoseconds(b, label, NUM_ROWS, b->seconds[first + best]);
    (void)snprintf(label, sizeof label, "%s, a row %s, not fetched ahead", size, name);
    print_nanoseconds(b, label, NUM_ROWS, b->seconds[first]);
    (void)printf("%s, a row %s, best rows ahead: %" PRId64 " and %" PRId64 "\n", size, name,
                 distances[best].far, distances[best].near);
}

static void report(bench *b, int kibibytes)
{
    char size[32], label[96];
    const int is_large = kibibytes >= 1024;
    (void)snprintf(size, sizeof size, "%d %s", is_large ? kibibytes >> 10 : kibibytes,
                   is_large ? "MiB" : "KiB");
    (void)snprintf(label, sizeof label, "%s, read through, GB", size);
    print_rate(b, label, 1e-9 * (double)(num_passes(b) * b->num_words * sizeof *b->words),
               b->seconds[READ]);
    (void)snprintf(label, sizeof label, "%s, a load that waits for the last one", size);
    print_nanoseconds(b, label, NUM_LOADS, b->seconds[LOAD]);
    print_rows(b, size, "read", ROWS);
    print_rows(b, size, "read and changed", CHANGES);
}

static h2v_status measure_size(bench *b, int kibibytes)
{
    b->num_words = ((size_t)kibibytes << 10) / sizeof *b->words;
    b->words = h2vi_alloc(b->num_words, sizeof *b->words);
    if (!b->words) return h2vi_fail_memory("the array");
    arrange(b);
    bench_turns(b->repeat, NUM_MEASURED, run_one, b, b->seconds);
    report(b, kibibytes);
    free(b->words);
    return H2V_OK;
}

int main(int argc, char **argv)
{
    (void)argc;
    bench b;
    h2v_status status = parse(argv, &b);
    b.order = h2vi_alloc(NUM_ROWS + FARTHEST, sizeof *b.order);
    if (status == H2V_OK && !b.order) status = h2vi_fail_memory("rows");
    if (status == H2V_OK) {
        (void)printf("instructions: %s\n", h2vi_isa_name(b.isa));
        measure_fuse(&b);
        status = measure_fresh(&b);
    }
    for (int i = 0; status == H2V_OK && i < NUM_SIZES && sizes[i] <= b.most << 10; i++)
        status = measure_size(&b, sizes[i]);
    if (status != H2V_OK) (void)fprintf(stderr, "limits: %s\n", h2v_error_message());
    free(b.order);
    return status == H2V_OK ? 0 : 1;
}
