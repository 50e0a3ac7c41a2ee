"""Logistic regression against numeric gradients and separate fits; F1 against brute force."""

import gzip

import numpy as np
import pytest

from fastsgns.errors import FormatError
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation import logistic
from fastsgns.graph.evaluation.classification import Labels, classify, f1, read_labels, top_labels
from fastsgns.graph.types import read_types


@pytest.fixture
def problem() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    features = rng.standard_normal((80, 4))
    classes = features @ rng.standard_normal((4, 3)) + rng.standard_normal((80, 3)) > 0.5
    return features, classes


def test_gradient_is_the_slope_of_the_loss(problem):
    features, classes = problem
    examples = np.hstack([features, np.ones((80, 1))])
    weights = np.random.default_rng(2).standard_normal((5, 3)) * 3
    _, gradient = logistic.loss_and_gradient(examples, classes * 1.0, 0.7, weights)
    for at in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[at] = 1e-6
        high, low = (
            logistic.loss_and_gradient(examples, classes * 1.0, 0.7, weights + sign * step)[0]
            for sign in (1, -1)
        )
        assert gradient[at] == pytest.approx((high - low) / 2e-6, abs=1e-5)


def test_loss_is_finite_for_huge_logits():
    examples = np.array([[1e4, 1.0], [-1e4, 1.0]], np.float32)
    loss, gradient = logistic.loss_and_gradient(
        examples, np.array([[1.0], [1.0]], np.float32), 1, np.ones((2, 1), np.float32)
    )
    assert loss == pytest.approx(9999.5, rel=1e-3)
    assert np.isfinite(gradient).all()


def test_all_classes_at_once_are_each_class_alone(problem):
    features, classes = problem
    together = logistic.fit(features, classes).weights
    for column in range(3):
        alone = logistic.fit(features, classes[:, [column]]).weights[:, 0]
        assert together[:, column] == pytest.approx(alone, abs=2e-3)


def test_the_minimum_is_where_newton_ends(problem):
    features, classes = problem
    examples = np.hstack([features, np.ones((80, 1))])
    ridge = np.diag([1.0, 1, 1, 1, 0])
    w = np.zeros(5)
    for _ in range(30):
        p = 1 / (1 + np.exp(-examples @ w))
        hessian = examples.T @ (examples * (p * (1 - p))[:, None]) + ridge
        w -= np.linalg.solve(hessian, examples.T @ (p - classes[:, 0]) + ridge @ w)
    assert logistic.fit(features, classes[:, [0]]).weights[:, 0] == pytest.approx(w, abs=1e-3)


def test_bad_problems_are_refused(problem):
    features, classes = problem
    with pytest.raises(ValueError, match="shape"):
        logistic.fit(features, classes[:-1])
    with pytest.raises(ValueError, match="penalty"):
        logistic.fit(features, classes, 0)
    with pytest.raises(ValueError, match="finite"):
        logistic.fit(features * np.inf, classes)


def test_f1_counts_label_by_label():
    rng = np.random.default_rng(3)
    true, predicted = rng.random((2, 30, 5)) < 0.3
    true[:, 4] = predicted[:, 4] = False
    counts = []
    for label in range(5):
        pairs = list(zip(true[:, label], predicted[:, label]))
        counts.append([sum(p == kind for p in pairs) for kind in [(1, 1), (0, 1), (1, 0)]])
    each = [2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0 for tp, fp, fn in counts]
    tp, fp, fn = np.sum(counts, axis=0)
    assert f1(true, predicted) == pytest.approx((2 * tp / (2 * tp + fp + fn), np.mean(each)))


def test_as_many_labels_are_predicted_as_there_are():
    scores = np.array([[0.1, 0.5, 0.3], [0.2, 0.2, 0.2], [3, 2, 1]])
    chosen = top_labels(scores, np.array([2, 1, 0]))
    assert chosen.tolist() == [[False, True, True], [True, False, False], [False] * 3]


def test_separable_labels_are_found_and_noise_is_not():
    rng = np.random.default_rng(4)
    labels = Labels.of({i: [i % 3] for i in range(300)})
    centers = np.eye(3)[np.arange(300) % 3] * 4
    noise = rng.standard_normal((300, 3))
    good = classify((centers + noise).astype(np.float32), labels, [0.1, 0.5], [1, 2])
    assert [(found.share, found.seed) for found in good] == [(0.1, 1), (0.1, 2), (0.5, 1), (0.5, 2)]
    assert min(found.micro for found in good) > 0.9
    bad = classify(noise, labels, [0.5], [1, 2, 3])
    assert np.mean([found.micro for found in bad]) == pytest.approx(1 / 3, abs=0.1)


def test_splits_depend_on_the_seed_alone():
    labels = Labels.of({i: i % 2 for i in range(40)})
    features = np.random.default_rng(0).standard_normal((40, 2))
    one, again, other = classify(features, labels, [0.5], [1, 1, 2])
    assert one == again
    assert one != other


def test_labels_are_read_by_node(tmp_path):
    path = tmp_path / "labels"
    path.write_text("# nodes\n0 a\n1 a b\n\n0 c\n")
    by_node = read_labels(path)
    assert by_node == {"0": ["a", "c"], "1": ["a", "b"]}
    labels = Labels.of(by_node, ["1", "7", "0"])
    assert labels.nodes == ["1", "0"]
    assert labels.members.tolist() == [[True, True, False], [True, False, True]]
    path.write_text("0 a\n1\n")
    with pytest.raises(ValueError, match=r"line 2: node '1' has no label"):
        read_labels(path)
    for text, line in ((b"0 a\n1, b\n", 2), (b"0 a; b\n", 1), (b"0,a\n", 1)):
        path.write_bytes(text)
        with pytest.raises(FormatError, match=rf"labels, line {line}: "):
            read_labels(path)
    path.write_bytes(b"0 a\n1 \xff\n")
    with pytest.raises(UnicodeDecodeError, match="labels, line 2 is not utf8"):
        read_labels(path)
    with pytest.raises(ValueError, match="none of the nodes"):
        Labels.of(by_node, ["7"])


def test_what_can_not_be_classified_is_refused():
    labels = Labels.of({0: "a", 1: "b"})
    with pytest.raises(ValueError, match="2 nodes"):
        classify(np.zeros((3, 2)), labels)
    with pytest.raises(ValueError, match="leave none"):
        classify(np.zeros((2, 2)), labels, [0.1])


def test_standardized_features_are_judged_alike_whatever_their_length():
    rng = np.random.default_rng(1)
    labels = Labels.of({i: "abc"[i % 3] for i in range(150)})
    features = rng.normal(size=(150, 6)) + 0.7 * np.eye(6)[np.arange(150) % 3]
    small = features * 0.01 + 5
    alike = [classify(f, labels, [0.5], [1, 2], standardize=True) for f in (features, small)]
    assert alike[0] == alike[1]
    plain = [classify(f, labels, [0.5], [1, 2]) for f in (features, features * 0.001)]
    assert plain[0] != plain[1]


def test_labels_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "labels").write_text("\ufeff# names\na x\n", encoding="utf-8")
    (tmp_path / "first").write_text("\ufeffa x\nb y\n", encoding="utf-8")
    assert read_labels(tmp_path / "labels") == {"a": ["x"]}
    assert read_labels(tmp_path / "first") == {"a": ["x"], "b": ["y"]}


def test_what_has_not_settled_is_said(caplog):
    features = np.random.default_rng(1).normal(size=(60, 8)) + 50
    logistic.fit(features, np.arange(60)[:, None] % 2 == 0, steps=3)
    assert "has not converged after 3 steps" in caplog.text


NODE_FILES = [(read_labels, lambda label: [label]), (read_types, lambda label: label)]


@pytest.mark.parametrize(
    ("name", "text", "options", "expected"),
    [
        (
            "x",
            "New\u3000York a\n b\u00a0c \t d\u2003e\r\n",
            {},
            {"New\u3000York": "a", "b\u00a0c": "d\u2003e"},
        ),
        ("x", '"New York" "a ""b"""\n" x\n', {}, {"New York": 'a "b"', '"': "x"}),
        ("x.csv", '"Lee, A" , red\nb,"x y"\n', {}, {"Lee, A": "red", "b": "x y"}),
        ("x.tsv.gz", "New York\tx, y\n", {}, {"New York": "x, y"}),
        ("x", "node;class\na;b\n", {"delimiter": ";", "skip_lines": 1}, {"a": "b"}),
        ("x", "node label\na b\n", {"skip_lines": 0}, {"node": "label", "a": "b"}),
        ("x", "a b\nnode label\n", {}, {"node": "label", "a": "b"}),
    ],
)
def test_files_about_nodes_are_split_as_files_of_edges(name, text, options, expected, tmp_path):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    for read, wanted in NODE_FILES:
        assert read(path, **options) == {node: wanted(kind) for node, kind in expected.items()}
    edges = DirectedGraph.from_file(path, **options | {"skip_lines": options.get("skip_lines", 0)})
    assert {(u, v) for u, v, _ in edges.edges()} == set(expected.items())


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (
            "node label\na b\n",
            {},
            "line 1: .* looks like a header; remove it, or pass skip_lines=1",
        ),
        ("# x\nuser_id,Category\na,b\n", {"delimiter": ","}, "line 2: .* a header; .*skip_lines=1"),
        ("a,b\n", {}, "line 1: .*set `delimiter`"),
        ("a, b\n", {}, "line 1: a column ends in a comma .*`delimiter`"),
        ("a,\n", {"delimiter": ","}, "line 1: a column is empty"),
        ('a,"b"c\n', {"delimiter": ","}, "line 1: a quote opens a column"),
        ('a,"b\n', {"delimiter": ","}, "line 1: a quote opens a column"),
    ],
)
def test_files_about_nodes_that_are_refused(text, options, words, tmp_path):
    (tmp_path / "x").write_text(text)
    for read, _ in NODE_FILES:
        with pytest.raises(FormatError, match=words):
            read(tmp_path / "x", **options)
