/* SHUFFLE(a, b, lane numbers): a vector of lanes of two vectors, those of b from LANES on.
 * PER_FOUR_LANES(p, q, r, s): lane numbers that pick the lanes p, q, r, s in each group of four.
 * Define before including: LANES, and MASK, a type of LANES integers as wide as the lanes. Undefine
 * both macros before including again. */
#if LANES == 16
#define PER_FOUR_LANES(p, q, r, s)                                                              \
    p, q, r, s, p + 4, q + 4, r + 4, s + 4, p + 8, q + 8, r + 8, s + 8, p + 12, q + 12, r + 12, \
        s + 12
#elif LANES == 8
#define PER_FOUR_LANES(p, q, r, s) p, q, r, s, p + 4, q + 4, r + 4, s + 4
#else
#define PER_FOUR_LANES(p, q, r, s) p, q, r, s
#endif
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (MASK){__VA_ARGS__})
#endif
