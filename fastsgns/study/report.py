"""The report: one self-contained HTML page, and the same numbers as JSON."""

import json
import math
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fastsgns._version import __version__
from fastsgns.formats.writing import atomic
from fastsgns.runtime.intervals import CONFIDENCE, Interval
from fastsgns.runtime.machine import n_cores
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table
from fastsgns.study.graphs import GraphMaterial
from fastsgns.study.material import Material
from fastsgns.study.settings import Settings

STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
h1, h2 { line-height: 1.2 }
table { border-collapse: collapse; margin: 1rem 0; font-size: 14px }
caption { text-align: left; font-weight: bold; padding: .3rem 0 }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ccc; text-align: left }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
figure { margin: 1rem 0 } figcaption { font-size: 14px }
.verdict { display: inline-block; padding: 0 .6rem; border: 2px solid; font-weight: bold }
.confirmed { border-color: #009E73 } .refuted { border-color: #D55E00 }
.undecided { border-color: #777; border-style: dashed }
.wide { overflow-x: auto } .quiet { color: #555 }
"""
TEXTS = ("name", "title", "statement", "source", "method")
RULE = (
    f"Every number is a mean over seeds with its {CONFIDENCE:.0%} t-interval. Each check states a "
    "region. The check holds if the interval is inside the region, fails if it is outside, and is "
    "open otherwise. A claim is confirmed if all of its checks hold, refuted if one of them fails, "
    "and undecided on this corpus otherwise. The intervals show how results differ between seeds "
    "on one corpus, not between corpora. They are not corrected for the number of checks."
)


def write(
    folder: str | os.PathLike[str],
    materials: Mapping[str, Material | GraphMaterial],
    claims: Sequence[Claim],
    results: Mapping[str, Results],
    source: str = "",
) -> dict[str, Evidence]:
    """Judge the claims and write ``report.html`` and ``report.json``, each atomically.

    Parameters
    ----------
    folder : path
        An existing folder.
    materials : mapping of str to Material or GraphMaterial
        The materials by `Claim.needs`: "corpus", "graphs".
    claims : sequence of Claim
    results : mapping of str to Results
        By the claims' names.
    source : str
        A description of the corpus for the reader.

    Returns
    -------
    dict of str to Evidence
        By the claims' names.
    """
    evidence = {claim.name: claim.judge(results[claim.name]) for claim in claims}
    settings = next(iter(materials.values())).settings
    facts = describe(materials, settings, source)
    page = render(claims, evidence, facts)
    trials = {
        trial: list(results[claim.name].by_label[label])
        for claim in claims
        for label, trial in claim.trials(settings).items()
    }
    numbers = {trial: number for number, trial in enumerate(trials)}
    record = {
        **facts,
        "claims": [
            to_json(claim, evidence[claim.name])
            | {"trials": {name: numbers[t] for name, t in claim.trials(settings).items()}}
            for claim in claims
        ],
        "trials": [
            {"experiment": trial.experiment, "settings": dict(trial.settings), "results": by_seed}
            for trial, by_seed in trials.items()
        ],
    }
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    for name, content in (("report.html", page), ("report.json", text)):
        with atomic(Path(folder) / name) as temporary:
            Path(temporary).write_text(content, encoding="utf-8")
    return evidence


def describe(
    materials: Mapping[str, Material | GraphMaterial], settings: Settings, source: str
) -> dict[str, Any]:
    """Return the facts about corpus, settings, versions and machine."""
    facts = {name: values for one in materials.values() for name, values in one.facts.items()}
    if "corpus" in facts:
        facts["corpus"] = {"source": source, **facts["corpus"]}
    return {
        **facts,
        "settings": asdict(settings),
        "versions": {
            "fastsgns": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "machine": {"processor": _processor(), "cores": n_cores(), "system": platform.platform()},
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def to_json(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    """Return a claim and its checks as a JSON object."""
    return {
        **{name: getattr(claim, name) for name in TEXTS},
        "verdict": evidence.verdict,
        "checks": [
            {
                "statement": check.statement,
                "region": [_finite(check.low), _finite(check.high)],
                "values": [_finite(value) for value in check.values],
                "mean": _finite(check.found.mean),
                "interval": [_finite(check.found.low), _finite(check.found.high)],
                "outcome": check.outcome,
            }
            for check in evidence.checks
        ],
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def render(
    claims: Sequence[Claim], evidence: Mapping[str, Evidence], facts: Mapping[str, Any]
) -> str:
    """Return the HTML page."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Why two matrices?</title><style>{STYLE}</style></head><body>",
        "<h1>Why two matrices? The claims, tested on a corpus</h1>",
        f"<p>{escape(_about(facts))}</p><p class=quiet>{escape(RULE)}</p>",
        _summary(claims, evidence),
        *(_section(claim, evidence[claim.name]) for claim in claims),
        "<h2>Settings and machine</h2>",
        *(_facts(name, facts[name]) for name in ("settings", "versions", "machine")),
        f"<p class=quiet>{escape(facts['date'])}. All numbers are in report.json.</p>",
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _about(facts: Mapping[str, Any]) -> str:
    """Describe the materials in a few sentences."""
    said = [f"{facts['settings']['n_seeds']} seeds."]
    if "corpus" in facts:
        corpus = facts["corpus"]
        said.append(
            f"{corpus['source']}: {corpus['tokens']:,} tokens after subsampling, "
            f"{corpus['words']:,} words. Scored by {', '.join(facts['judgements'])}."
        )
        if all(name.startswith("proxy") for name in facts["judgements"]):
            said.append("That is a proxy from the corpus's own counts, not a human judgement.")
    if "graphs" in facts:
        graphs = (
            f"{name} ({sizes['nodes']:,} nodes, {sizes['edges']:,} edges, "
            f"{sizes['one_way']:.0%} of them one-way)"
            for name, sizes in facts["graphs"].items()
        )
        said.append(f"Directed graphs: {', '.join(graphs)}.")
    return " ".join(said)


def _summary(claims: Sequence[Claim], evidence: Mapping[str, Evidence]) -> str:
    rows = [
        f'<tr><td><a href="#{c.name}">{c.name}</a></td><td>{escape(c.title)}</td>'
        f"<td>{_badge(evidence[c.name].verdict)}</td></tr>"
        for c in claims
    ]
    return "<table><tr><th></th><th>claim</th><th>verdict</th></tr>" + "".join(rows) + "</table>"


def _badge(verdict: str) -> str:
    return f'<span class="verdict {verdict.split()[0]}">{escape(verdict)}</span>'


def _section(claim: Claim, evidence: Evidence) -> str:
    checks: list[list[Cell]] = [
        [c.statement, c.found, c.region, " ".join((c.outcome, f"(n={c.found.n})"))]
        for c in evidence.checks
    ]
    table = Table("Checks", ("statement", "found", "claimed", "outcome"), checks)
    return "\n".join(
        [
            f'<h2 id="{claim.name}">{claim.name}. {escape(claim.title)}</h2>',
            f"<p>{escape(claim.statement)} {_badge(evidence.verdict)}</p>",
            f"<p class=quiet><b>Source.</b> {escape(claim.source)}<br>"
            f"<b>Test.</b> {escape(claim.method)}</p>",
            _table(table),
            *(
                f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
                for caption, svg in evidence.figures
            ),
            *map(_table, evidence.tables),
            *(f"<p>{escape(note)}</p>" for note in evidence.notes),
        ]
    )


def _table(table: Table) -> str:
    columns = list(zip(*table.rows))
    numeric = [bool(column) and all(_is_number(cell) for cell in column) for column in columns]
    numeric += [False] * (len(table.heading) - len(numeric))

    def row(tag: str, cells: Sequence[Cell]) -> Iterator[str]:
        for cell, right in zip(cells, numeric):
            kind = ' class="number"' if right else ""
            yield f"<{tag}{kind}>{escape(shown(cell))}</{tag}>"

    body = "".join(f"<tr>{''.join(row('td', cells))}</tr>" for cells in table.rows)
    return (
        f'<div class="wide"><table><caption>{escape(table.title)}</caption>'
        f"<tr>{''.join(row('th', table.heading))}</tr>{body}</table></div>"
    )


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, (int, float, Interval))


def shown(cell: Cell) -> str:
    """Return a cell as text: an interval as its mean and half its width.

    Examples
    --------
    >>> shown(Interval(0.5, 0.4, 0.6, 3)), shown(0.5), shown(12345)
    ('0.500 ± 0.100', '0.500', '12,345')
    """
    if isinstance(cell, Interval):
        if not math.isfinite(cell.low):
            return f"{cell.mean:.3f}"
        return f"{cell.mean:.3f} ± {(cell.high - cell.low) / 2:.3f}"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _facts(name: str, facts: Mapping[str, Any]) -> str:
    rows = [[key.replace("_", " "), str(value)] for key, value in facts.items()]
    return _table(Table(name, ("", ""), rows))
