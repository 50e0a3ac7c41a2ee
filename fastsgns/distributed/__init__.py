"""Training on several machines, which a Ray cluster connects; see docs/distributed.md.

    from fastsgns import Word2Vec, distributed
    model = distributed.train(Word2Vec(), "corpus.txt")

From the call to the kernel::

    train                           training.py: a cluster, a corpus on it, and the model's own
      joined, Cluster               cluster.py: Ray, an actor on each node, nodes that are lost
      TextCorpus.count, .encode     corpus.py: parts of text files, words.py: their counts
      Word2Vec.train                as on one machine, with the rounds of
        RoundRunner                 runner.py: divides a round, merges it, repeats it
          Node                      node.py: what a node has and does
            message_of, merge_messages    transport.py: row shards, float32 and bfloat16

Ray is imported by the first call.
"""

from fastsgns.distributed.training import resume, train

__all__ = ["resume", "train"]
