"""A recurrent language model in torch that starts from both matrices of a Word2Vec.

    python examples/rnn.py corpus.txt          # pip install torch

Its first layer is the input matrix, and its last layer the output matrix. The layers share the
memory of the Word2Vec, which can continue training from what the network learned. The same network
with random layers is trained for comparison.
"""

import argparse

import numpy as np
import torch
from torch import nn

from fastsgns import EncodedCorpus, Word2Vec

LENGTH, BATCH = 20, 32


class LanguageModel(nn.Module):
    """Words -> vectors -> GRU -> scores of the next word."""

    def __init__(self, first: torch.Tensor, last: torch.Tensor, freeze: bool) -> None:
        super().__init__()
        self.first = nn.Embedding.from_pretrained(first, freeze=freeze)
        self.middle = nn.GRU(first.shape[1], first.shape[1], batch_first=True)
        self.last = nn.Linear(last.shape[1], len(last))
        self.last.weight = nn.Parameter(last)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Return scores (batch, length, V) of the word after each of `words` (batch, length)."""
        return self.last(self.middle(self.first(words))[0])


def of_word2vec(model: Word2Vec, freeze: bool) -> LanguageModel:
    """Return a network that shares the memory of the two matrices of `model`.

    With `freeze`, training does not change the first layer, which is the input matrix.
    """
    matrices = model.wv.vectors, model.wv.output.vectors
    return LanguageModel(*map(torch.from_numpy, matrices), freeze)


def of_random_numbers(model: Word2Vec) -> LanguageModel:
    """Return the same network with random layers."""
    n_words, size = model.wv.vectors.shape
    return LanguageModel(
        torch.randn(n_words, size), torch.randn(n_words, size) / size**0.5, freeze=False
    )


def fit(network: LanguageModel, ids: np.ndarray, n_steps: int, rate: float = 0.003) -> float:
    """Train on random parts of a text; return the mean loss of the last tenth of the steps."""
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learned, lr=rate)
    rng, losses = np.random.default_rng(0), []
    for _ in range(n_steps):
        starts = rng.integers(len(ids) - LENGTH, size=BATCH)
        batch = torch.from_numpy(ids[starts[:, None] + np.arange(LENGTH + 1)].astype(np.int64))
        scores = network(batch[:, :-1])
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return float(np.mean(losses[-max(1, n_steps // 10) :]))


def main() -> None:
    """Train a Word2Vec, then the network with its matrices, then the Word2Vec again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", help="text, one sentence per line")
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    corpus = EncodedCorpus.from_files(arguments.corpus)
    settings = {"vector_size": 64, "max_final_vocab": 5000, "min_count": 1}
    model = Word2Vec(corpus, sg=1, epochs=5, workers=2, compute_loss=True, **settings)
    known = [model.wv.get_index(word, -1) for word in corpus.vocabulary.words]
    ids = np.array(known, np.int32)[corpus.ids]
    ids = ids[ids >= 0]
    torch.manual_seed(0)
    for name, network in (
        ("random numbers, learned", of_random_numbers(model)),
        ("both matrices, first frozen", of_word2vec(model, freeze=True)),
        ("both matrices, learned", of_word2vec(model, freeze=False)),
    ):
        print(f"{name:28} loss {fit(network, ids, arguments.steps):.3f} nats per word", flush=True)
    rates = {"start_alpha": model.min_alpha_yet_reached, "end_alpha": 0.0}
    model.train(corpus, total_examples=model.corpus_count, epochs=1, **rates)
    print(f"word2vec, continued          loss {model.epoch_losses[-1]:.3f} per pair")


if __name__ == "__main__":
    main()
