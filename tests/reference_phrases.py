"""A plain implementation of what gensim 4.4 computes: the same strings, counts and scores.

It is written from the behaviour of gensim, for machines without gensim.
"""

from collections import Counter


class Twin:
    """Phrases by strings in a dict.

    Parameters
    ----------
    sentences : list of lists of str
    score : callable
        ``score(first, last, pair, n_types, min_count, n_tokens)``.
    """

    def __init__(self, sentences, score, min_count, threshold, delimiter="_", connectors=()):
        self.score, self.min_count, self.threshold = score, min_count, threshold
        self.delimiter, self.connectors = delimiter, connectors
        self.vocab, self.n_tokens = Counter(), 0
        self.add(sentences)

    def add(self, sentences):
        for sentence in sentences:
            self.n_tokens += len(sentence)
            parts = []
            for word in sentence:
                if word not in self.connectors:
                    self.vocab[word] += 1
                    if parts:
                        self.vocab[self.delimiter.join([*parts, word])] += 1
                    parts = [word]
                elif parts:
                    parts.append(word)

    def score_of(self, parts):
        string = self.delimiter.join(parts)
        counts = [self.vocab.get(each, 0) for each in (parts[0], parts[-1], string)]
        if not all(counts):
            return None
        score = self.score(*counts, len(self.vocab), self.min_count, self.n_tokens)
        return score if score > self.threshold else None

    def export(self):
        strings = (string for string in self.vocab if self.delimiter in string)
        scored = {string: self.score_of(string.split(self.delimiter)) for string in strings}
        return {string: score for string, score in scored.items() if score is not None}

    def join(self, sentence, score_of=None):
        score_of = score_of or self.score_of
        joined, parts = [], []
        for word in sentence:
            if word in self.connectors:
                (parts if parts else joined).append(word)
            elif parts and score_of([*parts, word]) is not None:
                joined.append(self.delimiter.join([*parts, word]))
                parts = []
            else:
                joined += parts
                parts = [word]
        return joined + parts

    def join_frozen(self, sentence):
        exported = self.export()
        return self.join(sentence, lambda parts: exported.get(self.delimiter.join(parts)))
