"""ShardWriter: writes the matrices of a model to a folder, by all nodes at the same time.

All nodes have the matrices of the model, so that any of them can write any rows. The nodes return
the checksums of what they have written. Where these are not those of the rows that this process
has, as after a callback has changed the model, this process writes the rows itself; so it does for
a node that does not see the folder. What a lost node had to write, others write.
"""

import logging
import os
from dataclasses import dataclass
from typing import Any

from fastsgns.distributed.cluster import Cluster, NodeLost
from fastsgns.distributed.node import Shape
from fastsgns.formats import shards
from fastsgns.formats.native import Tensors
from fastsgns.formats.shards import Checksums, Shard

logger = logging.getLogger(__name__)


@dataclass
class ShardWriter:
    """Writes shards by the nodes of a cluster, see `fastsgns.formats.shards.WriteShards`.

    Attributes
    ----------
    n_written : int
        Shards that nodes have written, in all saves.
    """

    cluster: Cluster
    n_written: int = 0

    def check_folder(self, path: Any) -> None:
        """Check, before the training begins, that all nodes see a folder and can write to it.

        Raises
        ------
        OSError
            If a node does not, or as of `fastsgns.formats.shards.check_writable`.
        """
        folder = shards.check_writable(path)
        with shards.marked(folder) as id:
            faults = self._ask_all("fault_of_folder", folder, id)
        if wrong := sorted({fault for fault in faults if fault}):
            raise OSError(
                f"checkpoint is {os.fsdecode(path)!r:.80}, a folder that all nodes write to, but "
                f"{wrong[0]}. Give a folder of a file system that all machines share, or the name "
                "of a file, which this process alone writes"
            )

    def _ask_all(self, method: str, *arguments: Any) -> list[Any]:
        """Return what all nodes answer; those that are lost do not count."""
        while True:
            self.cluster.admit()
            members = self.cluster.members
            try:
                return self.cluster.results([(m, m.call(method, *arguments)) for m in members])
            except NodeLost:
                continue

    def __call__(self, folder: str, id: str, matrices: Tensors) -> list[Checksums]:
        """Write all shards of a save, and return the checksums of each."""
        shapes = {name: Shape(each.shape, each.dtype.str) for name, each in matrices.items()}
        self.cluster.interrupt_all()  # a round that was stopped by a callback may still be trained
        while members := list(self.cluster.members):
            parts = [Shard(id, number, len(members)) for number in range(len(members))]
            calls = [
                (member, member.call("write_shard", folder, part, shapes))
                for member, part in zip(members, parts)
            ]
            expected = [shards.checksums_of(part, matrices) for part in parts]
            try:
                written = self.cluster.results(calls)
            except NodeLost:
                continue
            except self.cluster.ray.exceptions.RayError as error:  # again and again
                logger.warning("this process writes the checkpoint itself: %s", error)
                break
            for part, sums, own in zip(parts, written, expected):
                if sums == own and os.path.exists(part.path(folder)):
                    self.n_written += 1
                else:
                    logger.info("this process writes %s itself", part.path(folder))
                    shards.write_shard(folder, part, matrices)
            return expected
        return shards.write_here(folder, id, matrices)
