"""Small corpora with a structure that a model has to find."""

import numpy as np

TOPICS = ("fruit", "metal", "river")
WORDS_PER_TOPIC = 8


def sentences(n_sentences: int = 400, length: int = 10, seed: int = 0) -> list[list[str]]:
    """Sentences of one topic each; words of a topic occur together, those of two never."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(WORDS_PER_TOPIC, size=(n_sentences, length)).tolist()
    topics = rng.integers(len(TOPICS), size=n_sentences).tolist()
    return [[f"{TOPICS[topic]}{i}" for i in row] for topic, row in zip(topics, drawn)]


def share_of_neighbours(wv) -> float:
    """How many of the nearest words of all words are of the same topic."""
    found = [
        near[:5] == word[:5]
        for word in wv.index_to_key
        for near, _ in wv.most_similar(word, topn=WORDS_PER_TOPIC - 1)
    ]
    return sum(found) / len(found)
