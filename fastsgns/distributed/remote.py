"""RemoteCorpus: an encoded corpus whose tokens the nodes of a cluster have."""

from typing import Any

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.distributed.corpus import TextChunks, TextCorpus


class RemoteCorpus(EncodedCorpus):
    """An encoded corpus that models can train on a cluster, but that has no ids here.

    Parameters
    ----------
    text : TextCorpus
        The parts that the nodes have encoded.
    vocabulary : Vocabulary
    """

    def __init__(self, text: TextCorpus, vocabulary: Vocabulary) -> None:
        nothing = np.empty(0, np.int32), np.zeros(1, np.int64)
        super().__init__(*nothing, vocabulary, text.n_raw_tokens, text.n_raw_sentences)
        self._text = text

    @property
    def n_tokens(self) -> int:
        """Number of tokens."""
        return self._text.n_tokens

    def __len__(self) -> int:
        return self._text.n_sentences

    def chunks(self) -> Any:
        """Return the chunks of an epoch."""
        return TextChunks(self._text)
