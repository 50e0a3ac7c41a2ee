"""Replicas train what a whole model trains, and rounds do not depend on the number of threads."""

import ast
import itertools
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from objectives import BATCH, COUNTS, N_WORDS, WINDOW, make_corpus, make_objective

from fastsgns import kernels, sampling, training
from fastsgns.kernels.objective import Subwords
from fastsgns.training import rounds as rounds_module
from fastsgns.training.examples import ChunkPlace, PairChunks, Pairs, TokenChunks
from fastsgns.training.numbering import Numbering, Pool, Scratch, cumulate
from fastsgns.training.replica_memory import ReplicaRows
from fastsgns.training.replicas import Job, Replica
from fastsgns.training.rounds import LocalRounds, Rounds
from fastsgns.training.shards import apply, matrices_of, train_shard

THRESHOLDS = np.linspace(2**30, 2**32 - 1, N_WORDS).astype(np.uint32)
FACTORS = np.linspace(0, 1.5, N_WORDS).astype(np.float32)
WORDS = {
    "pair": {},
    "window": WINDOW,
    "batch": BATCH,
    "cbow": {"cbow": True},
    "path": {"tree": True, "output": False, "negative": 0},
    "path and negatives": {"tree": True},
    "path of cbow": {"tree": True, "cbow": True},
    "path of windows": {"tree": True, "output": False, "negative": 0, "window_order": "batch"},
    "softmax": {"negative": 0, "n_batch_rows": 8},
    "softmax of cbow": {"negative": 0, "n_batch_rows": 8, "cbow": True},
    "tied": {"tied": True},
    "tied windows": {"tied": True, **BATCH},
    "scalar bias": {"tied": True, "bias": "scalar"},
    "word bias": {"tied": True, "bias": "word", **WINDOW},
    "both biases": {"tied": True, "bias": "both", "cbow": True},
    "reflected": {"tied": True, "reflect": True, **WINDOW},
    "three": {"apart": True},
    "three, coupled": {"apart": True, "coupling": 0.5, **BATCH},
    "subsampled": {"keep_thresholds": THRESHOLDS, **WINDOW},
    "lock factors": {"lock_factors": FACTORS, **WINDOW},
    "lock factors of outputs": {"output_lock_factors": FACTORS, **BATCH},
    "forward": {"forward": True, **WINDOW},
    "no loss": {"compute_loss": False},
}
LENGTHS = (40, 1, 700, 3, 2, 9, 60) * 3


def objective_of(name, with_subwords=False, dtype=np.float32):
    objective = make_objective(dtype=dtype, **WORDS[name])
    if not with_subwords:
        return objective
    rng = np.random.default_rng(4)
    lists = [rng.choice(N_WORDS + 8, 1 + word % 5, replace=True) for word in range(N_WORDS)]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in lists])])
    rows = np.concatenate(lists).astype(np.int32)
    width = objective.input.shape[1]
    input_rows = np.zeros((N_WORDS + 8, width), dtype)
    input_rows[:, :7] = rng.normal(0, 0.7, (N_WORDS + 8, 7))
    if objective.bias:
        input_rows[:, 7] = -1 if objective.bias != "scalar" else 1
        input_rows[:, 8] = 1 if objective.bias == "both" else 0
    tied = objective.output is objective.input
    subwords = Subwords(starts, rows, 5, loads=np.full(N_WORDS, 0.2, np.float32), step=1.0)
    return replace(
        objective, input=input_rows, output=input_rows if tied else objective.output,
        subwords=subwords,
    )  # fmt: skip


def jobs_of(chunks, n_jobs=2, rate=0.05):
    bounds = np.linspace(0, chunks.n_units, n_jobs + 1).astype(int).tolist()
    places = [ChunkPlace(0, *pair) for pair in itertools.pairwise(bounds)]
    return [Job(place, (rate, rate / 2), 70 + i) for i, place in enumerate(places)]


def copied(objective):
    """A copy of the objective with copies of its matrices."""
    names = ("input", "output", "negative_output", "tree", "scalar_bias")
    arrays = {name: getattr(objective, name) for name in names}
    copies = {name: None if array is None else array.copy() for name, array in arrays.items()}
    if objective.output is objective.input:
        copies["output"] = copies["input"]
    return replace(objective, **copies)


def global_noise(replica):
    """The table of a replica's pool, in the numbers of the model."""
    lists = replica.parts["output" if "output" in replica.parts else "input"].lists
    table = replica.objective.noise.copy()
    table[:, 1] = np.concatenate(lists)[table[:, 1]]
    return table


EACH = [(name, False) for name in WORDS] + [
    (name, True) for name in WORDS
    if not any(word in name for word in ("lock", "three"))
]  # fmt: skip


@pytest.mark.parametrize(("name", "with_subwords"), EACH)
def test_a_replica_trains_what_a_whole_model_trains(name, with_subwords):
    """Each row that is not in the replica stays as it was, and all others are equal, bit for bit.

    The whole model draws its negative samples from the same pool."""
    ids, offsets = make_corpus(LENGTHS, n_words=N_WORDS // 2)
    chunks = TokenChunks(ids, offsets)
    whole = objective_of(name, with_subwords)
    jobs = jobs_of(chunks)
    before = {role: matrix.copy() for role, matrix in matrices_of(whole).items()}
    replica = Replica.plan(whole, chunks, jobs)
    replica.gather(matrices_of(whole))
    tallies = replica.train()
    if replica.objective.noise is not None:
        if with_subwords and "output" not in replica.parts:
            pytest.skip("a pool of words whose rows are those of subwords has no list of words")
        whole = replace(whole, noise=global_noise(replica))
    for job, tally in zip(jobs, tallies):
        got = kernels.train_chunk(whole, ids, offsets, *job.place[1:], *job.rates, job.seed)
        assert got == (tally.loss, tally.n_examples, tally.n_kept)
    changes = replica.changes()
    for role, matrix in matrices_of(whole).items():
        expected = before[role]
        for part in changes[role]:
            expected[part.rows] = part.values
        np.testing.assert_array_equal(matrix, expected)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("sharing", [{}, {"pairs_per_block": 3, **BATCH}])
@pytest.mark.parametrize("locked", [False, True])
def test_a_replica_of_pairs_trains_what_a_whole_model_trains(tied, sharing, locked):
    rng = np.random.default_rng(2)
    sources, targets = rng.integers(0, N_WORDS // 2, (2, 900)).astype(np.int32)
    whole = make_objective(dtype=np.float32, tied=tied, window=1, **sharing)
    if locked:
        whole = replace(whole, lock_factors=FACTORS, output_lock_factors=FACTORS)
    chunks = PairChunks(sources, targets)
    jobs = jobs_of(chunks)
    replica = Replica.plan(whole, chunks, jobs)
    replica.gather(matrices_of(whole))
    replica.train()
    expected = {role: matrix.copy() for role, matrix in matrices_of(whole).items()}
    whole = replace(whole, noise=global_noise(replica))
    for job in jobs:
        _, start, stop = job.place
        Pairs(sources[start:stop], targets[start:stop], job.seed).train(whole, job.rates)
    for role, parts in replica.changes().items():
        for part in parts:
            expected[role][part.rows] = part.values
        np.testing.assert_array_equal(matrices_of(whole)[role], expected[role])


def test_negative_samples_in_two_stages_have_the_noise_distribution():
    """The counts of the pools of many shards, of which kernels draw each place alike."""
    objective = make_objective(dtype=np.float32)
    ids, offsets = make_corpus()
    chunks, n_shards = TokenChunks(ids, offsets), 200
    counts, noise = np.zeros(N_WORDS), COUNTS**0.75 / (COUNTS**0.75).sum()
    for seed in range(n_shards):
        job = Job(ChunkPlace(0, 0, len(ids)), (0.05, 0.05), seed)
        replica = Replica.plan(objective, chunks, [job])
        table = global_noise(replica)
        assert not table[:, 0].any()  # so that kernels take the second column of each place
        counts += np.bincount(table[:, 1], minlength=N_WORDS)
        size = len(table)
        assert (np.abs(np.bincount(table[:, 1], minlength=N_WORDS) - size * noise) < 1 + 1e-6).all()
    # What is left of each expected number is drawn: a sum of n_shards numbers that are 0 or 1
    rest = size * noise % 1
    deviation = np.sqrt(n_shards * rest * (1 - rest)) + 1e-3 * n_shards
    assert (np.abs(counts - n_shards * size * noise) < 5 * deviation).all()


def test_the_probabilities_of_an_alias_table_are_cumulated():
    probabilities = np.random.default_rng(5).exponential(1, N_WORDS)
    probabilities[[0, 3, 4, -1]] = 0
    cumulated = cumulate(sampling.alias_table(probabilities))
    expected = np.cumsum(probabilities) / probabilities.sum()
    np.testing.assert_allclose(cumulated, expected, atol=1e-8)
    before = np.append(0, cumulated)
    assert (before[[0, 3, 4, -2]] == cumulated[[0, 3, 4, -1]]).all()  # none is ever drawn


def test_the_scratch_memory_is_reset():
    scratch = Scratch()
    objective = objective_of("path and negatives", with_subwords=True)
    chunks = TokenChunks(*make_corpus(LENGTHS))
    Replica.plan(objective, chunks, jobs_of(chunks), scratch)
    assert all((numbers == -1).all() for numbers, _ in scratch._numbers.values())
    numbering = Numbering(9, scratch, "words")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"outside 0 \.\. 8"):
            numbering.use([np.array([3, 9], np.int32)])
    numbering.use([np.array([3, 8], np.int32)])
    table = sampling.alias_table(np.eye(9)[[5, 8]].mean(0))
    (pool,) = numbering.draw([Pool(table, 50, 1)])
    assert set(pool.tolist()) == {1, 2}
    assert numbering.drawn.tolist() == [5]


def test_values_may_come_from_elsewhere():
    """`fill` takes the rows in the order of `rows`, as a machine without the model gets them."""
    objective = objective_of("word bias")
    chunks = TokenChunks(*make_corpus(LENGTHS))
    results = []
    for fills in (False, True):
        replica = Replica.plan(objective, chunks, jobs_of(chunks))
        matrices = matrices_of(objective)
        if fills:
            replica.fill({
                role: [matrices[role][rows] for rows in lists]
                for role, lists in replica.rows.items()
            })  # fmt: skip
        else:
            replica.gather(matrices)
        replica.train()
        results.append(replica.changes())
    for role, parts in results[0].items():
        for part, other in zip(parts, results[1][role], strict=True):
            for array, other_array in zip(part, other):
                np.testing.assert_array_equal(array, other_array)


def test_shards_do_not_see_each_other_and_are_merged_in_order():
    objective = objective_of("window")
    chunks = TokenChunks(*make_corpus(LENGTHS))
    shards = [[job] for job in jobs_of(chunks, n_jobs=4)]
    before = copied(objective)
    by_hand = copied(objective)
    apply(by_hand, [train_shard(before, chunks, shard) for shard in shards])
    for n_threads in (1, 3):
        trained = copied(objective)
        tallies = LocalRounds(n_threads)(trained, chunks, shards, lambda: None)()
        assert sum(tally.n_units for tally in tallies) == chunks.n_units
        for role, matrix in matrices_of(trained).items():
            np.testing.assert_array_equal(matrix, matrices_of(by_hand)[role])
            assert not np.array_equal(matrix, matrices_of(objective)[role])


@pytest.mark.parametrize("n_tokens", [1, 1000, 10**5, 10**6, 17 * 10**6, 10**8, 10**10])
@pytest.mark.parametrize("tokens_per_unit", [1, 80, 100_000])
@pytest.mark.parametrize("is_first", [False, True])
def test_shards_are_all_chunks_in_order(n_tokens, tokens_per_unit, is_first):
    rounds = Rounds.of(n_tokens // tokens_per_unit, tokens_per_unit)
    starts = list(rounds.starts(is_first=is_first))
    assert starts[3:] == list(rounds.starts(starts[3], is_first)) if len(starts) > 3 else True
    shards = [shard for start in starts for shard in rounds.shards(start, is_first)]
    assert [chunk for shard in shards for chunk in shard] == list(range(rounds.n_chunks))
    assert 1 <= rounds.n_shards <= rounds_module.MOST_SHARDS
    assert rounds.n_shards == 1 or len(starts) >= rounds_module.LEAST_ROUNDS


@pytest.mark.parametrize("n_shards", [1, 3])
def test_the_rows_of_replicas_are_estimated(n_shards):
    counts = 300_000 // np.arange(1, 5001)
    noise = sampling.noise_distribution(counts)
    n_tokens = 50 * 8192 * n_shards
    estimate = ReplicaRows(counts, noise, n_tokens)
    assert estimate.n_shards == 2
    ids = np.random.default_rng(1).choice(5000, n_tokens, p=counts / counts.sum()).astype(np.int32)
    objective = make_objective(dtype=np.float32, counts=counts)
    chunks = TokenChunks(ids, np.arange(0, n_tokens + 1, 20))
    place = ChunkPlace(0, 0, estimate.n_tokens)
    replica = Replica.plan(objective, chunks, [Job(place, (0.05, 0.05), 3)])
    n_inputs, n_outputs = (
        sum(map(len, replica.rows[role])) for role in ("input", "output")
    )  # fmt: skip
    assert abs(estimate.used - n_inputs) < 0.05 * n_inputs
    assert abs(estimate.used_or_drawn - n_outputs) < 0.05 * n_outputs
    one_thread, many = (estimate.total(1000, 5000, n_threads) for n_threads in (1, 2))
    assert many - one_thread == 8 * 5000
    assert ReplicaRows(counts, noise, 10_000).total(1000, 5000, 4) == 0


def test_scratch_keeps_no_tables_of_earlier_epochs():
    scratch, kept = Scratch(), []
    for _ in range(5):
        table = sampling.alias_table(np.full(4, 0.25))
        scratch.cumulated(table)
        kept.append(weakref.ref(table))
    del table
    assert [ref() is None for ref in kept] == [True] * 4 + [False]


def test_nothing_that_replicas_need_is_summed_by_blas():
    """BLAS adds in an order that depends on the processor and on its own threads."""
    for path in Path(training.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.MatMult), path
            name = getattr(node, "attr", None)
            assert name not in ("dot", "vdot", "inner", "matmul", "tensordot", "einsum"), path
