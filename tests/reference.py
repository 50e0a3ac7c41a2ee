"""Slow textbook versions of the models, in float64: the oracle of the kernels.

They draw from the same random stream in the same order as the kernels, so that whole runs, with
subsampling, windows and negatives, can be compared number by number.
"""

import collections
import itertools

import numpy as np

MASK = 2**64 - 1
SEGMENT = 4096  # focus words of a sentence that are subsampled and drawn for together


class Stream:
    """SplitMix64, with the draws that the kernels make."""

    def __init__(self, state):
        self.state = state

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n):
        return ((self.next() >> 32) * n) >> 32

    def alias(self, table):
        draw = self.next()
        slot = ((draw >> 32) * len(table)) >> 32
        threshold, other = table[slot]
        return int(slot if (draw & 0xFFFFFFFF) < threshold else other)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logistic_loss(hidden, rows, labels):
    scores = rows @ hidden
    return np.logaddexp(0, np.where(labels == 1, -scores, scores)).sum()


def logistic_gradients(hidden, rows, labels):
    """Derivatives of `logistic_loss` by `hidden` and by each of `rows`."""
    errors = sigmoid(rows @ hidden) - labels
    return errors @ rows, np.outer(errors, hidden)


def softmax(hidden, rows, word):
    """-log p(word | hidden) and its derivatives by `hidden` and by `rows`."""
    scores = rows @ hidden
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    errors = likely - (np.arange(len(rows)) == word)
    return -np.log(likely[word]), errors @ rows, np.outer(errors, hidden)


def train(objective, ids, offsets, start, stop, rate, stream):
    """`train_chunk` at a constant rate; changes the objective's matrices."""
    run = _Run(objective, Stream(stream), rate)
    for begin, end in itertools.pairwise(offsets):
        for first in range(max(begin, start), min(end, stop), SEGMENT):
            run.sentence(ids, begin, first, min(first + SEGMENT, end, stop), end)
    run.train_batch()
    return run.loss, run.n_examples, run.n_kept


def train_pairs(objective, sources, targets, start, stop, rate, stream):
    """`train_pairs_chunk` at a constant rate; changes the objective's matrices."""
    run = _Run(objective, Stream(stream), rate)
    for first in range(start, stop, SEGMENT):
        piece = slice(first, min(first + SEGMENT, stop))
        run.pairs(list(zip(sources[piece].tolist(), targets[piece].tolist())))
    return run.loss, run.n_examples, run.n_examples


def one_matrix_scores(objective, hidden, bias_of_hidden, targets):
    """s_j = sum_x sign_x hidden_x w_jx + bias, with no column that means something else."""
    n = objective.n_dimensions
    sign = np.where(np.arange(n) < objective.n_flipped, -1, 1)
    scores = objective.input[targets, :n] @ (sign * hidden)
    if objective.bias == "scalar":
        return scores + objective.scalar_bias[0]
    if objective.bias:
        scores = scores + objective.input[targets, n]
    return scores + (bias_of_hidden if objective.bias == "both" else 0)


class OneMatrix:
    """Moves of a single matrix and its biases, summed up before any is made."""

    def __init__(self, objective, rate):
        self.o, self.rate, self.n = objective, rate, objective.n_dimensions
        self.sign = np.where(np.arange(self.n) < objective.n_flipped, -1, 1)
        self.moves, self.scalar = np.zeros_like(objective.input), 0.0

    def hidden(self, words, mean):
        """Sum or mean of rows, and of their biases."""
        rows = self.o.input[words].sum(axis=0) / (len(words) if mean else 1)
        return rows[: self.n], rows[self.n] if self.o.bias == "both" else 0.0

    def meet(self, words, mean, targets, labels, weights=1.0, by_context=1.0):
        """One logistic regression of the hidden vector of `words`; its loss."""
        hidden, own = self.hidden(words, mean)
        scores = one_matrix_scores(self.o, hidden, own, targets)
        loss = (weights * np.logaddexp(0, np.where(labels == 1, -scores, scores))).sum()
        g = self.rate * weights * (labels - sigmoid(scores))
        for word in words:
            self.moves[word, : self.n] += (
                by_context * self.sign * (g @ self.o.input[targets, : self.n])
            )
            if self.o.bias == "both":
                self.moves[word, self.n] += by_context * g.sum()
        for target, g_j in zip(targets, g):
            self.moves[target, : self.n] += g_j * self.sign * hidden
            if self.o.bias in ("word", "both"):
                self.moves[target, self.n] += g_j
        self.scalar += g.sum()
        return loss

    def make(self, factor=1.0):
        self.o.input[:] += factor * self.moves
        if self.o.bias == "scalar":
            self.o.scalar_bias[0] += 0.01 * factor * self.scalar


class _Run:
    def __init__(self, objective, stream, rate):
        self.o, self.stream, self.rate = objective, stream, rate
        self.loss, self.n_examples, self.n_kept = 0.0, 0, 0
        self.batch = []
        self.tied = objective.output is objective.input

    def kept(self, word):
        keep = self.o.keep_thresholds
        return keep is None or (self.stream.next() & 0xFFFFFFFF) <= keep[word]

    def margin(self, words):
        found = []
        for word in words:
            if len(found) == self.o.window:
                break
            if self.kept(word):
                found.append(int(word))
        return found

    def sentence(self, ids, begin, start, stop, end):
        before = self.margin(ids[begin:start][::-1])[::-1]
        focus = [int(word) for word in ids[start:stop] if self.kept(word)]
        after = [] if self.o.forward else self.margin(ids[stop:end])
        tokens = before + focus + after
        positions = range(len(before), len(before) + len(focus))
        self.n_kept += len(focus)
        if self.o.n_focus:
            self.blocks(tokens, positions)
            return
        if self.o.n_batch_rows:
            self.softmax(tokens, positions)
            return
        plans = (self.plan(tokens, position) for position in positions)
        # the kernel draws for one focus ahead; the order of draws is the same, updates draw nothing
        for plan in list(plans):
            self.cbow(*plan) if self.o.cbow else self.skip_gram(*plan)

    def plan(self, tokens, position):
        reach = 1 + self.stream.below(self.o.window) if self.o.shrink_windows else self.o.window
        contexts = [tokens[other] for other in self.contexts(tokens, position, reach)]
        n_examples = min(1, len(contexts)) if self.o.cbow else len(contexts)
        word = tokens[position]
        own = [contexts] if self.o.cbow else [[context] for context in contexts]
        targets = (
            [self.targets(word, own[i]) for i in range(n_examples)]
            if self.o.output is not None and not self.o.n_batch_rows
            else []
        )
        return word, contexts, targets

    def targets(self, word, contexts):
        drawn = [self.stream.alias(self.o.noise) for _ in range(self.o.negative)]
        left_out = {word, *contexts} if self.tied else {word}
        return [word] + [other for other in drawn if other not in left_out]

    def learn(self, hidden, word, targets):
        """Losses and updates at one point for both objectives; minus the gradient by `hidden`."""
        total = np.zeros_like(hidden)
        if targets and self.o.negative_output is not None:
            total += self.learn_apart(hidden, targets)
        elif targets:
            labels = np.array([1] + [0] * (len(targets) - 1))
            total += self.regress(hidden, self.o.output, np.array(targets), labels)
        if self.o.tree is not None:
            path = slice(self.o.paths.starts[word], self.o.paths.starts[word + 1])
            total += self.regress(
                hidden, self.o.tree, self.o.paths.nodes[path], self.o.paths.labels[path]
            )
        self.n_examples += 1
        return total

    def learn_apart(self, hidden, targets):
        """Positives in one matrix, negatives in another, which a penalty may hold together."""
        positive = self.regress(hidden, self.o.output, np.array(targets[:1]), np.ones(1))
        rest = np.array(targets[1:], int)
        negative = self.regress(hidden, self.o.negative_output, rest, np.zeros(len(rest)))
        for target in targets:
            self.couple(target, 1)
        return positive + negative

    def couple(self, word, times):
        share = min(0.5, self.rate * self.o.coupling * times)
        apart = self.o.negative_output[word] - self.o.output[word]
        self.o.output[word] += share * apart
        self.o.negative_output[word] -= share * apart

    def regress(self, hidden, matrix, rows, labels):
        if self.o.compute_loss:
            self.loss += logistic_loss(hidden, matrix[rows], labels)
        by_hidden, by_rows = logistic_gradients(hidden, matrix[rows], labels)
        np.subtract.at(matrix, rows, self.rate * by_rows)
        return -self.rate * by_hidden

    def lock(self, word):
        return 1.0 if self.o.lock_factors is None else self.o.lock_factors[word]

    def skip_gram(self, word, contexts, targets):
        for i, context in enumerate(contexts):
            if self.tied:
                self.tied_step([context], targets[i])
                continue
            hidden = self.o.input[context].copy()
            update = self.learn(hidden, word, targets[i] if targets else [])
            self.o.input[context] += self.lock(context) * update

    def cbow(self, word, contexts, targets):
        if not contexts:
            return
        n = len(contexts)
        if self.tied:
            by_context = 1 / n if self.o.mean_gradient else 1
            self.tied_step(contexts, targets[0], self.o.mean_hidden, by_context)
            return
        hidden = self.o.input[contexts].sum(axis=0) / (n if self.o.mean_hidden else 1)
        update = self.learn(hidden, word, targets[0] if targets else [])
        update /= n if self.o.mean_gradient else 1
        for context in contexts:
            self.o.input[context] += self.lock(context) * update

    def tied_step(self, words, targets, mean=False, by_context=1.0):
        step = OneMatrix(self.o, self.rate)
        labels = np.array([1] + [0] * (len(targets) - 1))
        loss = step.meet(words, mean, np.array(targets), labels, by_context=by_context)
        step.make()
        self.loss += loss if self.o.compute_loss else 0
        self.n_examples += 1

    def blocks(self, tokens, positions):
        """Plans are drawn in order, and updates draw nothing, so looking ahead changes nothing."""
        for first in positions[:: self.o.n_focus]:
            block = [p for p in range(first, first + self.o.n_focus) if p in positions]
            reach = 1 + self.stream.below(self.o.window) if self.o.shrink_windows else self.o.window
            drawn = [self.stream.alias(self.o.noise) for _ in range(self.o.n_shared_negatives)]
            if drawn:
                self.block(self.pairs_of(tokens, block, reach), drawn)
            if self.o.tree is not None:
                self.path_blocks(tokens, block, reach)

    def contexts(self, tokens, position, reach):
        stop = position if self.o.forward else min(len(tokens), position + reach + 1)
        return [other for other in range(max(0, position - reach), stop) if other != position]

    def pairs_of(self, tokens, block, reach):
        """All (context, focus word) of a block."""
        return [
            (tokens[context], tokens[position])
            for position in block
            for context in self.contexts(tokens, position, reach)
        ]

    def pairs(self, pairs):
        """Pairs of a list one by one, or some at a time."""
        if not self.o.n_focus:
            for source, target in pairs:
                self.skip_gram(target, [source], [self.targets(target, [source])])
        for first in range(0, len(pairs) if self.o.n_focus else 0, self.o.n_focus or 1):
            drawn = [self.stream.alias(self.o.noise) for _ in range(self.o.n_shared_negatives)]
            self.block(pairs[first : first + self.o.n_focus], drawn)

    def block(self, pairs, drawn):
        if self.tied:
            self.tied_block(pairs, drawn)
        elif self.o.negative_output is not None:
            self.block_apart(pairs, drawn)
        else:
            self.skip_gram_block(pairs, drawn)

    def softmax(self, tokens, positions):
        """Full softmax: every example joins the batch, which learns when it has no more room."""
        for position in positions:
            word, contexts, _ = self.plan(tokens, position)
            for group in [contexts] * bool(contexts) if self.o.cbow else [[c] for c in contexts]:
                if self.batch and not self.has_room(word, group):
                    self.train_batch()
                self.batch.append((word, group))

    def has_room(self, word, contexts):
        """Whether no word takes steps of more than .25 and the hidden vectors are not too many."""
        foci = [focus for focus, _ in self.batch]
        contexts_seen = [context for _, group in self.batch for context in group]
        most = 0.25 / max(self.rate, 1e-9)
        groups = [tuple(group) for _, group in self.batch]
        known = not self.o.cbow and tuple(contexts) in groups
        n_rows = len(groups) if self.o.cbow else len(set(groups))
        return (
            len(self.batch) < 16 * self.o.n_batch_rows
            and (known or n_rows < self.o.n_batch_rows)
            and foci.count(word) + 1 <= most
            and all(contexts_seen.count(context) + 1 <= most for context in contexts)
        )

    def train_batch(self):
        """Full softmax, example by example, all at the old rows."""
        if not self.batch:
            return
        by_input, by_output = np.zeros_like(self.o.input), np.zeros_like(self.o.output)
        for word, contexts in self.batch:
            n = len(contexts)
            hidden = self.o.input[contexts].sum(axis=0)
            hidden /= n if self.o.cbow and self.o.mean_hidden else 1
            loss, by_hidden, by_rows = softmax(hidden, self.o.output, word)
            self.loss += loss * self.o.compute_loss
            by_output += by_rows
            by_hidden /= n if self.o.cbow and self.o.mean_gradient else 1
            for context in contexts:
                by_input[context] += self.lock(context) * by_hidden
        self.o.input[:] -= self.rate * by_input
        self.o.output[:] -= self.rate * by_output
        self.n_examples += len(self.batch)
        self.batch = []

    def meet(self, hidden, word, label, weight):
        """One weighted logistic regression: its loss, and minus its gradients times the rate."""
        row = self.o.output[word]
        if self.o.compute_loss:
            self.loss += weight * logistic_loss(hidden, row[None], np.array([label]))
        error = self.rate * weight * (label - sigmoid(row @ hidden))
        return error * row, error * hidden

    def skip_gram_block(self, pairs, drawn):
        """All pairs at one point; the negatives of a pair have the total weight `negative`."""
        share = self.o.negative / len(drawn)
        by_input, by_output = np.zeros_like(self.o.input), np.zeros_like(self.o.output)
        shorter = self.shorter(pairs)
        for context, word in pairs:
            for target, label, weight in [
                (word, 1, 1.0), *((n, 0, share) for n in drawn if n != word)
            ]:  # fmt: skip
                of_hidden, of_row = self.meet(self.o.input[context], target, label, weight)
                by_input[context] += of_hidden
                by_output[target] += of_row
            self.n_examples += 1
        self.o.input[:] += shorter * by_input
        self.o.output[:] += shorter * by_output

    def tied_block(self, pairs, drawn):
        share = self.o.negative / len(drawn)
        step = OneMatrix(self.o, self.rate * self.shorter(pairs))
        for context, word in pairs:
            negatives = [n for n in drawn if n not in (word, context)]
            labels = np.array([1] + [0] * len(negatives))
            weights = np.array([1.0] + [share] * len(negatives))
            loss = step.meet([context], False, [word, *negatives], labels, weights)
            self.loss += loss if self.o.compute_loss else 0
            self.n_examples += 1
        step.make()

    def block_apart(self, pairs, drawn):
        """All positives at one point, then all negatives at the next."""
        share = self.o.negative / len(drawn)
        rate = self.rate
        self.rate *= self.shorter(pairs)
        pair_weights = collections.Counter()
        for _, word in pairs:
            pair_weights[word] += 1
            for n in drawn:
                pair_weights[n] += share * (n != word)
        of_words = [(context, word, 1, 1.0) for context, word in pairs]
        of_drawn = [(c, n, 0, share) for c, word in pairs for n in drawn if n != word]
        for matrix, examples in ((self.o.output, of_words), (self.o.negative_output, of_drawn)):
            by_input, by_output = np.zeros_like(self.o.input), np.zeros_like(matrix)
            for context, target, label, weight in examples:
                hidden, row = self.o.input[context], matrix[target]
                if self.o.compute_loss:
                    self.loss += weight * logistic_loss(hidden, row[None], np.array([label]))
                error = self.rate * weight * (label - sigmoid(row @ hidden))
                by_input[context] += error * row
                by_output[target] += error * hidden
            self.o.input[:] += by_input
            matrix[:] += by_output
        self.n_examples += len(pairs)
        for word, times in pair_weights.items():
            self.couple(word, times)
        self.rate = rate

    def shorter(self, pairs):
        """By how much the step is shortened where the pairs of a repeated word add up."""
        most = max([1, *collections.Counter(context for context, _ in pairs).values()])
        return min(1, 0.25 / most / self.rate) if self.rate else 1

    def path_blocks(self, tokens, block, reach):
        """The contexts of a window meet the path of its focus at one point, window by window."""
        paths = self.o.paths
        for position in block:
            path = slice(paths.starts[tokens[position]], paths.starts[tokens[position] + 1])
            by_input = np.zeros_like(self.o.input)
            tree = self.o.tree.copy()
            shorter = self.shorter(self.pairs_of(tokens, [position], reach))
            for context in self.contexts(tokens, position, reach):
                hidden = self.o.input[tokens[context]]
                nodes, labels = paths.nodes[path], paths.labels[path]
                if self.o.compute_loss:
                    self.loss += logistic_loss(hidden, tree[nodes], labels)
                by_hidden, by_rows = logistic_gradients(hidden, tree[nodes], labels)
                by_input[tokens[context]] -= shorter * self.rate * by_hidden
                self.o.tree[nodes] -= shorter * self.rate * by_rows
                self.n_examples += self.o.output is None
            self.o.input[:] += by_input
