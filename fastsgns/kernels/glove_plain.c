/* The "plain" variant: in float for training, in double for numeric checks of gradients. */
#include "glove.h"

#define REAL float
#define REAL_SQRT sqrtf
#define NAME(name) glove_plain_f32_##name
#define VARIANT "plain"
#include "glove_scalar.h"

#define REAL double
#define REAL_SQRT sqrt
#define NAME(name) glove_plain_f64_##name
#define VARIANT "plain_f64"
#include "glove_scalar.h"
