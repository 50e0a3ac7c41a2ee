/* The "plain" variant, in float for training and in double for checking gradients. */
#include "rows.h"
#include "loss.h"

#define REAL float
#define REAL_EXP expf
#define NAME(verb) plain_f32_##verb
#define VARIANT "plain"
#include "rows_plain.h"

#define REAL double
#define REAL_EXP exp
#define NAME(verb) plain_f64_##verb
#define VARIANT "plain_f64"
#include "rows_plain.h"
