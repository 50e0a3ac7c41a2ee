/* The "plain" variant: in float for training, in double for numeric checks of gradients. */
#include "rows.h"
#include "loss.h"

#define REAL float
#define REAL_EXP expf
#define LOAD load_f32
#define STORE store_f32
#define NAME(op) plain_f32_##op
#define VARIANT "plain"
#include "rows_plain.h"

#define REAL double
#define REAL_EXP exp
#define LOAD load_f64
#define STORE store_f64
#define NAME(op) plain_f64_##op
#define VARIANT "plain_f64"
#include "rows_plain.h"
