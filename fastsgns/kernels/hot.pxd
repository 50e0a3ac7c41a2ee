# Private copies of frequent rows.
#
# A few hundred rows take most of the updates, and their cache lines travel between the cores of the
# workers that write them. Therefore each worker may have a copy of each of these rows. It reads and
# updates its copy, and after `limit` updates of its own it merges the copy: it adds what it has
# changed to the shared row, and reads the shared row again. A copy does not outlive a call of a
# kernel, so other code sees the shared rows only.
#
# Contents
#   allocate_hot        allocate the slots and copies of a worker
#   set_hot_limits      set the number of updates between two merges, for a learning rate
#   hot_row             the address of a row that is about to be updated
#   peek_hot_row        the address of a row that will be updated later, to prefetch it
#   merge_hot_rows      merge all copies
#
# While a worker updates its copy, it does not see the updates of the others. Updates of many
# workers that were computed from one old state of a row add up to a step that is too long.
# Therefore `limit` is inversely proportional to the learning rate and to the number of workers
# (fastsgns.training.hotrows; docs/cores.md derives the bound). A row that would have to be merged
# after each update is not worth a copy, so with a limit below 2 a matrix has no copies.
#
# A row is looked up in a table with one slot for each remainder of row numbers, so a row without a
# copy costs one comparison. A matrix without copies has a limit of 0.

from libc.stdint cimport int32_t, int64_t

from fastsgns.kernels.buffers cimport allocate
from fastsgns.kernels.state cimport (
    HOT_INPUT, HOT_NEGATIVE, HOT_OUTPUT, N_HOT, HotRows, HotSlot, Model, Worker,
)

cdef enum:
    MIN_LIMIT = 2
    MAX_LIMIT = 1024
    NOT_USED = 1 << 30


cdef inline void allocate_hot(const Model *model, Worker *worker) noexcept nogil:
    """Allocate the slots and copies of each matrix, without any copy in use."""
    cdef HotRows *hot
    cdef int role, i
    worker.hot[HOT_INPUT].matrix = model.input
    worker.hot[HOT_OUTPUT].matrix = model.output
    worker.hot[HOT_NEGATIVE].matrix = model.negative_output
    worker.hot_output = &worker.hot[HOT_INPUT if model.tied else HOT_OUTPUT]
    for role in range(N_HOT):
        hot = &worker.hot[role]
        hot.n_slots = model.hot[role].n_slots
        hot.slots = <HotSlot *>allocate(worker, hot.n_slots, sizeof(HotSlot))
        hot.copies = <char *>allocate(worker, hot.n_slots, model.row_bytes)
        hot.bases = <char *>allocate(worker, hot.n_slots, model.row_bytes)
        if worker.out_of_memory:
            return
        hot.mask = hot.n_slots - 1
        for i in range(hot.n_slots):
            hot.slots[i].row = model.hot[role].ids[i]
            hot.slots[i].n_updates = NOT_USED


cdef inline void set_hot_limits(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Set the number of updates between two merges, for a learning rate."""
    cdef HotRows *hot
    cdef int32_t limit
    cdef int role
    for role in range(N_HOT):
        hot = &worker.hot[role]
        if hot.n_slots:
            limit = MAX_LIMIT
            if rate * MAX_LIMIT > model.hot[role].step:
                limit = <int32_t>(model.hot[role].step / rate)
            if limit < MIN_LIMIT:
                merge_rows_of(model, hot)
            hot.limit = limit


cdef inline void *hot_row(const Model *model, HotRows *hot, int32_t row) noexcept nogil:
    """Return the address of the row, or of the worker's copy of it, which is about to be updated.

    An update is counted. A copy that has reached the limit is merged before.
    """
    cdef HotSlot *slot
    cdef int32_t is_hot
    if hot.limit < MIN_LIMIT:
        return hot.matrix + row * model.row_bytes
    slot = &hot.slots[row & hot.mask]
    is_hot = slot.row == row
    slot.n_updates += is_hot
    if is_hot & (slot.n_updates > hot.limit):
        merge_row(model, hot, row & hot.mask)
        slot.n_updates = 1
    return select_row(model, hot, row, is_hot)


cdef inline void *peek_hot_row(const Model *model, const HotRows *hot, int32_t row) noexcept nogil:
    """Return the address that the next update of a row needs first, to prefetch it.

    This is the shared row if there is no copy, or if the copy will be merged. A shared row that has
    a copy must not be prefetched otherwise, since that would take its cache lines from the workers
    that merge theirs.
    """
    cdef const HotSlot *slot
    if hot.limit < MIN_LIMIT:
        return hot.matrix + row * model.row_bytes
    slot = &hot.slots[row & hot.mask]
    return select_row(model, hot, row, (slot.row == row) & (slot.n_updates < hot.limit))


cdef inline void *select_row(const Model *model, const HotRows *hot, int32_t row, int64_t copied) \
        noexcept nogil:
    """Return the address of the copy of a row if `copied` is 1, or of the shared row if it is 0.

    Arithmetic selects it: a branch would often be mispredicted.
    """
    cdef char *shared = hot.matrix + row * model.row_bytes
    cdef char *copy = hot.copies + (row & hot.mask) * model.row_bytes
    return shared + ((copy - shared) & -copied)


cdef inline void merge_row(const Model *model, HotRows *hot, int32_t slot) noexcept nogil:
    """Merge the copy of a slot."""
    cdef int64_t offset = slot * model.row_bytes
    model.ops.merge(hot.matrix + hot.slots[slot].row * model.row_bytes, hot.copies + offset,
                    hot.bases + offset, model.width)


cdef inline void merge_rows_of(const Model *model, HotRows *hot) noexcept nogil:
    """Merge all copies of a matrix that were updated."""
    cdef int32_t slot
    for slot in range(hot.n_slots):
        if hot.slots[slot].n_updates < NOT_USED:
            merge_row(model, hot, slot)
            hot.slots[slot].n_updates = NOT_USED


cdef inline void merge_hot_rows(const Model *model, Worker *worker) noexcept nogil:
    """Merge all copies of all matrices that were updated."""
    cdef int role
    for role in range(N_HOT):
        merge_rows_of(model, &worker.hot[role])
