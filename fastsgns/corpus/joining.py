"""The blocks of a scan made one array of ids, by several threads at once."""

from collections.abc import Iterator

import numpy as np

from fastsgns.corpus.ranges import FileRange, FileScanner
from fastsgns.corpus.scan import count_known
from fastsgns.corpus.spill import BlockJoiner, SpillBuffer, StoredBlock, distinct
from fastsgns.runtime.threads import WorkerPool


def taken(
    blocks: list[tuple[StoredBlock, np.ndarray]], spill: SpillBuffer
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the blocks in order, each forgotten as soon as it was used."""
    blocks.reverse()
    while blocks:
        stored, ends = blocks.pop()
        yield spill.read(stored), ends


def join(
    scan: FileScanner, tables: list[np.ndarray], spill: SpillBuffer, ids: np.ndarray
) -> np.ndarray:
    """Write the ids of a scan to `ids`, renumbered by the table of their scanner.

    Where a range goes to is known once the ids kept of those before are counted, unless some lie
    in a file: that is read once, range after range.

    Parameters
    ----------
    scan : FileScanner
        Its blocks are used up.
    tables : list of ndarray of int32
        For each scanner the new id of each of its ids, or -1: left out.
    spill : SpillBuffer
    ids : ndarray of int32
        With room for the ids that are kept.

    Returns
    -------
    ndarray of int64
        The offsets of the sentences.
    """
    groups = [scan.ranges] if spill.uses_file else [[part] for part in scan.ranges]
    n_kept = np.zeros(len(groups), np.int64)

    def count(_: int, group: int) -> None:
        n_kept[group] = sum(_count(part, tables[part.scanner], spill) for part in groups[group])

    if len(groups) > 1:
        WorkerPool(scan.n_workers, range(len(groups)), count).run()
    starts = np.cumsum([0, *n_kept[:-1]])
    joined = [BlockJoiner(ids, int(start)) for start in starts]

    def write(_: int, group: int) -> None:
        for part in groups[group]:
            _append(part, tables[part.scanner], spill, joined[group])

    WorkerPool(scan.n_workers, range(len(groups)), write).run()
    return distinct([ends for assembly in joined for ends in assembly.ends])


def _count(part: FileRange, table: np.ndarray, spill: SpillBuffer) -> int:
    return sum(count_known(spill.read(stored), table) for stored, _ in part.blocks)


def _append(part: FileRange, table: np.ndarray, spill: SpillBuffer, joined: BlockJoiner) -> None:
    for ids, ends in taken(part.blocks, spill):
        joined.append(ids, ends, table)
    if part.is_last:
        joined.end_sentence()
