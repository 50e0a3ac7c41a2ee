"""Slow textbook versions of the models, in float64: the oracle of the kernels.

They draw from the same random stream in the same order as the kernels, so that whole runs, with
subsampling, windows and negatives, can be compared number by number.
"""

import contextlib
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
        if self.o.lock_factors is not None:
            self.moves *= self.o.lock_factors[:, None]
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
        if self.o.window_order:
            self.windows(tokens, positions)
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
        if not self.o.coupling:
            return
        share = min(0.5, self.rate * self.o.coupling * times)
        apart = self.o.negative_output[word] - self.o.output[word]
        self.o.output[word] += share * apart
        self.o.negative_output[word] -= share * apart

    def regress(self, hidden, matrix, rows, labels):
        if self.o.compute_loss:
            self.loss += logistic_loss(hidden, matrix[rows], labels)
        by_hidden, by_rows = logistic_gradients(hidden, matrix[rows], labels)
        if matrix is self.o.output and self.o.output_lock_factors is not None:
            by_rows = self.o.output_lock_factors[rows, None] * by_rows
        np.subtract.at(matrix, rows, self.rate * by_rows)
        return -self.rate * by_hidden

    def lock(self, word):
        return 1.0 if self.o.lock_factors is None else self.o.lock_factors[word]

    def lock_output(self, word):
        return 1.0 if self.o.output_lock_factors is None else self.o.output_lock_factors[word]

    @contextlib.contextmanager
    def views(self, matrix, words, lock):
        """Rows to train; a row whose lock factor is not 1 is a copy, whose change is scaled."""
        rows = [matrix[w] if lock(w) == 1 else matrix[w].copy() for w in words]
        before = [row.copy() for row in rows]
        yield rows
        for word, row, old in zip(words, rows, before):
            if lock(word) != 1:
                matrix[word] += lock(word) * (row - old)

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

    def windows(self, tokens, positions):
        """Plans are drawn in order, and updates draw nothing, so looking ahead changes nothing."""
        for position in positions:
            reach = 1 + self.stream.below(self.o.window) if self.o.shrink_windows else self.o.window
            drawn = self.draw_shared()
            contexts = [tokens[other] for other in self.contexts(tokens, position, reach)]
            self.window_in_steps(contexts, tokens[position], drawn)

    def window_in_steps(self, contexts, word, drawn):
        """A step has at most `max_contexts` of the context words, and none more than twice."""
        step = []
        for context in contexts:
            if len(step) == self.o.max_contexts or step.count(context) == 2:
                self.window(step, word, drawn)
                step = []
            step.append(context)
        if step:
            self.window(step, word, drawn)

    def draw_shared(self):
        return [self.stream.alias(self.o.noise) for _ in range(self.o.n_shared_negatives)]

    def window(self, contexts, word, drawn):
        """All pairs of a focus word; its negatives are the same for all of them."""
        self.n_examples += len(contexts)
        share = self.o.negative / max(1, len(drawn))
        weights = {word: 1.0}  # in the order in which the words were drawn
        for other in drawn:
            weights[other] = weights.get(other, 0) + share * (other != word)
        if self.tied:
            self.tied_window(contexts, weights, [1] + [0] * (len(weights) - 1))
            return
        with self.views(self.o.input, contexts, self.lock) as inputs:
            if self.o.output is not None:
                with self.target_rows(weights, word) as rows:
                    self.step(inputs, rows, [*weights.values()], [1])
                for target, weight in weights.items():
                    self.couple(target, weight * len(contexts))
            if self.o.tree is not None:
                path = slice(self.o.paths.starts[word], self.o.paths.starts[word + 1])
                labels = self.o.paths.labels[path]
                nodes = [self.o.tree[node] for node in self.o.paths.nodes[path]]
                self.step(inputs, nodes, np.ones(len(nodes)), labels)

    @contextlib.contextmanager
    def target_rows(self, words, positive=None):
        """The output rows of targets, of which `positive` is the positive one."""
        if self.o.negative_output is None:
            with self.views(self.o.output, [*words], self.lock_output) as rows:
                yield rows
        else:
            yield [
                (self.o.output if word == positive else self.o.negative_output)[word]
                for word in words
            ]

    def tied_window(self, contexts, weights, positive):
        """Contexts that are also targets come last, one by one, and not against themselves."""
        rest = [c for c in contexts if c not in weights]
        words = [*weights]
        with (
            self.views(self.o.input, words, self.lock) as outputs,
            self.views(self.o.input, rest, self.lock) as inputs,
        ):
            if rest:
                self.step(inputs, outputs, [*weights.values()], positive)
            rows = dict(zip(words, outputs))
            for context in (c for c in contexts if c in weights):
                if positive[words.index(context)]:
                    copy = rows[context].copy()
                    self.step([copy], outputs, [*weights.values()], positive, True)
                    rows[context] += copy - self.before
                else:
                    others = [w for w in words if w != context]
                    labels = [positive[words.index(w)] for w in others]
                    self.step([rows[context]], [rows[w] for w in others],
                              [weights[w] for w in others], labels)  # fmt: skip

    def step(self, inputs, outputs, total, positive, keep=False):
        """The operation `window` (rows.h) on views of rows; `keep` saves the one input row."""
        o, n = self.o, self.o.n_dimensions if self.tied else self.o.input.shape[1]
        sign = np.where(np.arange(n) < (o.n_flipped if self.tied else 0), -1, 1)
        positive = np.append(positive, np.zeros(len(outputs) - len(positive)))
        total, bias = np.asarray(total, float), o.bias if self.tied else None
        if keep:
            self.before = inputs[0].copy()
        scalar = o.scalar_bias[0] if bias == "scalar" else 0
        scores = np.array([
            [(sign * u[:n]) @ v[:n] + scalar + (v[n] if bias in ("word", "both") else 0)
             + (u[n] if bias == "both" else 0) for v in outputs]
            for u in inputs
        ])  # fmt: skip
        if o.compute_loss:
            losses = positive * np.logaddexp(0, -scores)
            self.loss += (losses + (total - positive) * np.logaddexp(0, scores)).sum()
        g = self.rate * (positive - total * sigmoid(scores))
        seen = [v.copy() for v in outputs] if o.window_order == "batch" else outputs
        for u, g_k in zip(inputs, g):
            old = u.copy()
            for j, v in enumerate(outputs):
                u[:n] += g_k[j] * sign * seen[j][:n]
                v[:n] += g_k[j] * sign * old[:n]
                if bias in ("word", "both"):
                    v[n] += g_k[j]
        if bias == "both":
            for u, g_k in zip(inputs, g):
                u[n] += g_k.sum()
        if bias == "scalar":
            o.scalar_bias[0] += 0.01 * g.sum()

    def contexts(self, tokens, position, reach):
        stop = position if self.o.forward else min(len(tokens), position + reach + 1)
        return [other for other in range(max(0, position - reach), stop) if other != position]

    def pairs(self, pairs):
        """Pairs of a list one by one, or some at a time."""
        if not self.o.window_order:
            for source, target in pairs:
                self.skip_gram(target, [source], [self.targets(target, [source])])
        else:
            for first in range(0, len(pairs), self.o.pairs_per_block):
                self.block(pairs[first : first + self.o.pairs_per_block], self.draw_shared())

    def block(self, pairs, drawn):
        """The negatives of all pairs, then the positive pairs."""
        weights = {}
        for word in drawn:
            weights[word] = weights.get(word, 0) + self.o.negative / len(drawn)
        rest = []
        with self.target_rows(weights) as listed:
            rows = dict(zip(weights, listed))
            for source, target in pairs:
                own = {target, source} if self.tied else {target}
                if own.isdisjoint(weights):
                    rest.append(source)
                else:
                    others = {w: row for w, row in rows.items() if w not in own}
                    self.negatives([source], others, weights)
            self.negatives(rest, rows, weights)
        for word, weight in weights.items():
            self.couple(word, weight * len(pairs))
        self.n_examples += len(pairs)
        for source, target in pairs:
            self.positive_pair(source, target)
            self.couple(target, 1)

    def positive_pair(self, source, target):
        with self.target_rows([target], target) as rows:
            if self.tied and source == target:
                used = rows[0].copy()
                self.step([used], rows, [1], [1], True)
                rows[0] += used - self.before
                return
            with self.views(self.o.input, [source], self.lock) as inputs:
                self.step(inputs, rows, [1], [1])

    def negatives(self, sources, rows, weights):
        if sources and rows:
            with self.views(self.o.input, sources, self.lock) as inputs:
                self.step(inputs, [*rows.values()], [weights[w] for w in rows], [])

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
