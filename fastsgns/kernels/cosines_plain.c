/* The "plain" variant, in float and double. */
#include "cosines.h"

#define REAL float
#define REAL_SQRT sqrtf
#define NAME(name) cosines_plain_f32_##name
#include "cosines_scalar.h"

#define REAL double
#define REAL_SQRT sqrt
#define NAME(name) cosines_plain_f64_##name
#include "cosines_scalar.h"
