"""C2 to C4, C10, C14: uses of the two matrices once they are trained."""

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


def scores(
    results: Results, spaces: dict[str, tuple[str, str]], title: str
) -> tuple[Table, tuple[str, str]]:
    """Return a table and a chart of the scores by set of judgements and (label, space).

    The chart has the sets that score vectors: human judgements if there are any, else a proxy.
    """
    sets = list(results.by_label[next(iter(spaces.values()))[0]][0]["scores"])
    series = {
        name: {judged: results.mean(label, "scores", judged, space) for judged in sets}
        for name, (label, space) in spaces.items()
    }
    rows = [[judged, *(column[judged] for column in series.values())] for judged in sets]
    shown = [judged for judged in sets if not judged.startswith("proxy")] or sets[:1]
    drawn = {name: [column[judged] for judged in shown] for name, column in series.items()}
    chart = bars("scores", shown, drawn, "Spearman correlation")
    return Table(title, ("judgements", *spaces), rows), (f"{title}.", chart)


def not_worse(results: Results, one: str, other: str) -> Check:
    """Return the check that the input vectors of `one` score about as well as those of `other`."""
    return Check(
        f"{one} scores at most {MARGIN} worse than {other}",
        results.difference(one, other, "score", "input"),
        low=-MARGIN,
    )


def _modes(settings: Settings) -> dict[str, Trial]:
    trials = {mode: model(mode) for mode in MODES if mode != "tied+word biases"}
    trials["tied+word biases"] = model("tied+bias", bias="word")
    return {mode: trials[mode] for mode in MODES}


def _judge_tied(results: Results) -> Evidence:
    worse = results.difference("tied", "two", "score", "input")
    checks = [Check("tied scores worse than two", worse, high=0.0)]
    checks += [not_worse(results, mode, "two") for mode in MODES[2:]]
    columns = {mode: (mode, "input") for mode in MODES}
    rows: list[list[Cell]] = [
        [mode, results.by_label[mode][0]["parameters"], results.mean(mode, "loss")]
        for mode in MODES
    ]
    sizes = Table("Sizes and losses", ("matrices", "parameters", "loss, nats per pair"), rows)
    table, figure = scores(results, columns, "Scores of the input vectors")
    return Evidence(checks, [table, sizes], [figure])


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
    table, figure = scores(results, columns, "Scores of the spaces, k = 5")
    return Evidence(checks, [table], [figure])


def _judge_in_out(results: Results) -> Evidence:
    judged = results.by_label["two"][0]["scores"]
    human = SIMILARITY in judged and RELATEDNESS in judged
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
    rows = [
        [row["word"], *(", ".join(row[name]) for name in columns)]
        for row in results.by_label["two"][0]["neighbours"]
    ]
    notes = [
        "Human judgements: the similarity and the relatedness part of WordSim353."
        if human
        else "Without both parts of WordSim353, the corpus's own counts serve as a proxy: PPMI of "
        "the pair for relatedness, cosine of PPMI rows for similarity. The first is by "
        "construction close to what the product of input and output vectors learns."
    ]
    neighbours = Table("Neighbours (seed 1)", ("word", *columns), rows)
    table, figure = scores(results, columns, "Scores, k = 5")
    return Evidence(checks, [table, neighbours], [figure], notes)


def _cbow(settings: Settings) -> dict[str, Trial]:
    return {"skip-gram": model()} | {
        f"CBOW, {gradient}, alpha x {factor}": model(
            sg=0, cbow_gradient=gradient, alpha=factor * settings.alpha
        )
        for gradient in ("gensim", "exact")
        for factor in (1, 3)
    }


def _judge_cbow(results: Results) -> Evidence:
    def best(gradient: str) -> str:
        labels = [label for label in results.by_label if f", {gradient}," in label]
        return max(labels, key=lambda label: results.mean(label, "score", "input").mean)

    exact, gensim = best("exact"), best("gensim")
    gain = results.difference(exact, gensim, "score", "input")
    checks = [
        not_worse(results, exact, "skip-gram"),
        Check(f"{exact} scores better than {gensim}", gain, low=0.0),
    ]
    columns = {label: (label, "input") for label in results.by_label}
    paths = [("score", space) for space in COMBINED]
    rows: list[list[Cell]] = [[label, *results.means(label, *paths)] for label in columns]
    means = Table("Mean score by space", ("model", *COMBINED), rows)
    note = "For each gradient, the learning rate with the better mean score is compared."
    table, figure = scores(results, columns, "Scores of the input vectors")
    return Evidence(checks, [means, table], [figure], [note])


def _judge_resumed(results: Results) -> Evidence:
    def change(*path: str) -> list[float]:
        reset, both = (results.of("resumed", state, *path) for state in ("output reset", "both"))
        return minus(reset, both)

    checks = [
        Check("the loss is higher if the output matrix starts from zero", change("loss"), low=0.0),
        Check("the input vectors then score worse", change("score", "input"), high=0.0),
    ]
    paths = [("loss",), ("score", "input"), ("score", "output"), ("score", "sum")]
    rows: list[list[Cell]] = [
        [state, *results.means("resumed", *((state, *path) for path in paths))]
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
