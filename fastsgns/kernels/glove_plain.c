/* The "plain" variant: in float for training, in double for numeric checks of gradients. */
#include "glove.h"

#define REAL float
#define REAL_SQRT sqrtf
#define LOAD load_f32
#define STORE store_f32
#define NAME(name) glove_plain_f32_##name
#define VARIANT "plain"
#include "glove_scalar.h"

#define REAL double
#define REAL_SQRT sqrt
#define LOAD load_f64
#define STORE store_f64
#define NAME(name) glove_plain_f64_##name
#define VARIANT "plain_f64"
#include "glove_scalar.h"
