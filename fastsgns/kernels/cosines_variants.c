/* The variants of the cosines by the names of the kernel variants. */
#include "cosines.h"

extern const CosineOps cosines_plain_f32_ops, cosines_plain_f64_ops;
extern const CosineOps cosines_baseline_f32_ops, cosines_baseline_f64_ops;
extern const CosineOps cosines_avx2_f32_ops, cosines_avx2_f64_ops;
extern const CosineOps cosines_avx512_f32_ops, cosines_avx512_f64_ops;

#define OF_SIZE(variant) \
    (real_size == sizeof(float) ? &cosines_##variant##_f32_ops : &cosines_##variant##_f64_ops)

const CosineOps *cosines_variant(const char *name, int real_size) {
#if defined(__GNUC__) && defined(__x86_64__)
    if (!strcmp(name, "avx512")) return OF_SIZE(avx512);
    if (!strcmp(name, "avx2")) return OF_SIZE(avx2);
    if (!strcmp(name, "sse2")) return OF_SIZE(baseline);
#elif defined(__GNUC__) && defined(__aarch64__)
    if (!strcmp(name, "neon")) return OF_SIZE(baseline);
#endif
    return strcmp(name, "plain") && strcmp(name, "blas") ? NULL : OF_SIZE(plain);
}
