"""C2 to C4, C10, C14: uses of the two matrices once they are trained."""

from typing import Any

from fastsgns.runtime.intervals import interval
from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial, minus
from fastsgns.study.claims.losses import model
from fastsgns.study.experiments.spaces import COMBINED
from fastsgns.study.settings import Settings

MARGIN = 0.02
MODES = ("two", "tied", "tied+bias", "tied+word biases", "tied+reflect")
SIMILARITY, RELATEDNESS = "WordSim353 similarity", "WordSim353 relatedness"
PROXIES = "proxy: cosine of PPMI rows", "proxy: PPMI of the pair"
MORE = 2
AXIS = "Spearman correlation"


def sets(results: Results, label: str) -> list[str]:
    """Return the names of the judgements that score vectors: human ones if any, else a proxy."""
    every = list(results.by_label[label][0]["scores"])
    human = [name for name in every if not name.startswith("proxy")]
    return human or every[:1]


def scores_table(results: Results, spaces: dict[str, tuple[str, str]], title: str) -> Table:
    """Return a table with a row per set of judgements and a column per (label, space)."""
    first = next(iter(spaces.values()))[0]
    names = list(results.by_label[first][0]["scores"])
    rows: list[list[Cell]] = [
        [name, *(results.mean(label, "scores", name, space) for label, space in spaces.values())]
        for name in names
    ]
    return Table(title, ("judgements", *spaces), rows)


def scores_chart(results: Results, spaces: dict[str, tuple[str, str]]) -> str:
    """Draw `scores_table` as bars, for the judgements that score vectors."""
    first = next(iter(spaces.values()))[0]
    names = sets(results, first)
    series = {
        shown: [results.mean(label, "scores", name, space) for name in names]
        for shown, (label, space) in spaces.items()
    }
    return bars("scores", names, series, AXIS)


def _modes(settings: Settings) -> dict[str, Trial]:
    trials = {mode: model(mode) for mode in MODES if mode != "tied+word biases"}
    trials["tied+word biases"] = model("tied+bias", bias="word")
    return {mode: trials[mode] for mode in MODES}


def _judge_tied(results: Results) -> Evidence:
    checks = [
        Check(
            "tied scores worse than two",
            results.difference("tied", "two", "score", "input"),
            high=0.0,
        )
    ]
    checks += [
        Check(
            f"{mode} scores at most {MARGIN} worse than two",
            results.difference(mode, "two", "score", "input"),
            low=-MARGIN,
        )
        for mode in MODES[2:]
    ]
    columns = {mode: (mode, "input") for mode in MODES}
    rows: list[list[Cell]] = [
        [mode, results.by_label[mode][0]["parameters"], results.mean(mode, "loss")]
        for mode in MODES
    ]
    sizes = Table("Sizes and losses", ("matrices", "parameters", "loss, nats per pair"), rows)
    table = scores_table(results, columns, "Scores of the input vectors")
    return Evidence(checks, [table, sizes], [("Scores by mode.", scores_chart(results, columns))])


def _judge_combined(results: Results) -> Evidence:
    columns = {space: ("two", space) for space in COMBINED}
    by_space = {space: results.of("two", "score", space) for space in COMBINED}
    checks = [
        Check(
            f"the {space} scores {words} the input vectors",
            minus(by_space[space], by_space["input"]),
            low=low,
        )
        for space, words, low in (
            ("sum", "better than", 0.0),
            ("concatenation", f"at most {MARGIN} worse than", -MARGIN),
            ("output", "at most 0.05 worse than", -0.05),
        )
    ]
    return Evidence(
        checks,
        [scores_table(results, columns, "Scores of the spaces, k = 5")],
        [("Scores by space.", scores_chart(results, columns))],
    )


def _judge_in_out(results: Results) -> Evidence:
    found = results.by_label["two"][0]["scores"]
    human = SIMILARITY in found and RELATEDNESS in found
    alike, related = (SIMILARITY, RELATEDNESS) if human else PROXIES
    gain = {
        name: minus(
            results.of("two", "scores", name, "input-output"),
            results.of("two", "scores", name, "input"),
        )
        for name in (alike, related)
    }
    checks = [
        Check(
            f"input-output gains more over input-input on '{related}' than on '{alike}'",
            minus(gain[related], gain[alike]),
            low=0.0,
        )
    ]
    columns = {"input-input": ("two", "input"), "input-output": ("two", "input-output")}
    rows: list[list[Cell]] = [
        [row["word"], ", ".join(row["input-input"]), ", ".join(row["input-output"])]
        for row in results.by_label["two"][0]["neighbours"]
    ]
    notes = [
        "Human judgements: the similarity and the relatedness part of WordSim353."
        if human
        else "Without both parts of WordSim353, the corpus's own counts serve as a proxy: PPMI of "
        "the pair for relatedness, cosine of PPMI rows for similarity. The first is by "
        "construction close to what the product of input and output vectors learns."
    ]
    tables = [
        scores_table(results, columns, "Scores, k = 5"),
        Table("Neighbours (seed 1)", ("word", "input-input", "input-output"), rows),
    ]
    return Evidence(checks, tables, notes=notes)


def _cbow(settings: Settings) -> dict[str, Trial]:
    trials = {"skip-gram": model()}
    for gradient in ("gensim", "exact"):
        for factor in (1, 3):
            options: dict[str, Any] = {
                "sg": 0,
                "cbow_gradient": gradient,
                "alpha": factor * settings.alpha,
            }
            trials[f"CBOW, {gradient}, alpha x {factor}"] = model(**options)
    return trials


def _judge_cbow(results: Results) -> Evidence:
    def best(gradient: str) -> str:
        labels = [label for label in results.by_label if f", {gradient}," in label]
        return max(labels, key=lambda label: results.mean(label, "score", "input").mean)

    exact, gensim = best("exact"), best("gensim")
    checks = [
        Check(
            f"{exact} scores at most {MARGIN} worse than skip-gram",
            results.difference(exact, "skip-gram", "score", "input"),
            low=-MARGIN,
        ),
        Check(
            f"{exact} scores better than {gensim}",
            results.difference(exact, gensim, "score", "input"),
            low=0.0,
        ),
    ]
    columns = {label: (label, "input") for label in results.by_label}
    rows: list[list[Cell]] = [
        [label, *(results.mean(label, "score", s) for s in COMBINED)] for label in columns
    ]
    table = Table("Mean score by space", ("model", *COMBINED), rows)
    note = "For each gradient, the learning rate with the better mean score is compared."
    figure = ("Scores of the input vectors.", scores_chart(results, columns))
    return Evidence(checks, [table], [figure], [note])


def _judge_resumed(results: Results) -> Evidence:
    def path(state: str, what: str) -> list[float]:
        keys = ("loss",) if what == "loss" else ("score", what)
        return results.of("resumed", state, *keys)

    def change(what: str) -> list[float]:
        return minus(path("output reset", what), path("both", what))

    checks = [
        Check("the loss is higher if the output matrix starts from zero", change("loss"), low=0.0),
        Check("the input vectors then score worse", change("input"), high=0.0),
    ]
    rows: list[list[Cell]] = [
        [state, *(interval(path(state, what)) for what in ("loss", "input", "output", "sum"))]
        for state in ("before", "both", "output reset")
    ]
    heading = ("state", "loss, nats per pair", "input", "output", "sum")
    title = f"Before, and after {MORE} more epochs"
    return Evidence(checks, [Table(title, heading, rows)])


USES = (
    Claim(
        "C2",
        "One matrix has worse vectors; a bias makes up for it",
        "The input vectors of a tied model score worse than those of two matrices. With a bias or "
        f"a reflection, and half the parameters, they score at most {MARGIN} worse.",
        "Press and Wolf (2017), section 4: tying makes skip-gram worse. C1b predicts that a bias "
        "repairs it.",
        "Skip-gram with 5 negatives. The score is the mean over the sets of judgements.",
        _modes,
        _judge_tied,
    ),
    Claim(
        "C3",
        "The second matrix is worth keeping: sum and concatenation",
        "The sum of input and output vectors scores better than the input vectors. Their "
        "concatenation scores about the same, and the output vectors only slightly worse.",
        "Pennington, Socher and Manning (2014), section 4.2; Levy, Goldberg and Dagan (2015); "
        "Press and Wolf (2017).",
        "Skip-gram with two matrices and 5 negatives; cosines in each space.",
        lambda settings: {"two": model()},
        _judge_combined,
    ),
    Claim(
        "C4",
        "Input-output cosines find related words, input-input cosines similar words",
        "Input-output cosines gain more over input-input cosines, or lose less, on relatedness "
        "than on similarity.",
        'Mitra, Nalisnick, Craswell and Caruana (2016), "A Dual Embedding Space Model for '
        'Document Ranking"; Torabi Asr, Zinkov and Jones (2018).',
        "Skip-gram with two matrices and 5 negatives.",
        lambda settings: {"two": model()},
        _judge_in_out,
    ),
    Claim(
        "C10",
        "With the right gradient CBOW is as good as skip-gram",
        f"CBOW with the exact gradient scores at most {MARGIN} worse than skip-gram, and better "
        "than with word2vec's gradient.",
        'Irsoy, Benton and Stratos (2021), "Corrected CBOW Performs as well as Skip-gram".',
        "Both gradients, with the learning rate of skip-gram and with three times that rate.",
        _cbow,
        _judge_cbow,
    ),
    Claim(
        "C14",
        "The second matrix is needed to continue training",
        "After the same number of additional epochs, a model resumed with both matrices has a "
        "lower loss and better input vectors than one whose output matrix starts from zero.",
        "The advice to throw the second matrix away once a model is trained.",
        f"A model is trained until its learning rate is half the initial one. Training then "
        f"continues for {MORE} epochs in both ways, with the same random numbers.",
        lambda settings: {"resumed": Trial.of("resumed", more=MORE)},
        _judge_resumed,
    ),
)
