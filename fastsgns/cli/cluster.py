"""Options of ``fastsgns train`` for a Ray cluster, and the training on one."""

import argparse
import time
from typing import Any, get_args

from fastsgns import EncodedCorpus, distributed
from fastsgns.cli import filetypes, stopping
from fastsgns.cli.arguments import Option, add_parameters, given
from fastsgns.cli.parsers import AllCores, positive
from fastsgns.cli.streams import STDIO
from fastsgns.distributed.transport import Transport

ONE_MACHINE = {"phrases": "--phrases", "save_corpus": "--save-corpus"}
OPTIONS = {
    "nodes": Option("--nodes", positive, "with --ray: nodes to train on", "all machines"),
    "min_nodes": Option("--min-nodes", positive, "with --ray: end training with fewer nodes"),
    "rounds": Option("--rounds", positive, "with --ray: merges per epoch, at most"),
    "transport": Option(
        "--transport", get_args(Transport), "with --ray: in which type rows travel"
    ),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("several machines")
    group.add_argument(
        "--ray", metavar="ADDRESS",
        help="train on the Ray cluster at this address, whose nodes read the input under the same "
        "paths and use all of their processors, or --workers threads each; auto is the cluster "
        "that runs on this machine, or else a new one; local is a new one",
    )  # fmt: skip
    add_parameters(group, distributed.train, OPTIONS)


def check(arguments: argparse.Namespace) -> None:
    """Exit with the usage if options do not fit each other."""
    options = given(arguments, OPTIONS)
    if not arguments.ray:
        for name in options:
            arguments.usage(f"{arguments.option(name, options[name])} belongs to --ray")
        return
    for name, option in ONE_MACHINE.items():
        if getattr(arguments, name):
            arguments.usage(f"{option}: it needs the text on one machine, and not --ray")
    if STDIO in arguments.inputs:
        arguments.usage("--ray: the nodes cannot read standard input; give files that all can read")
    if arguments.errors != "strict":
        arguments.usage(f"--errors {arguments.errors}: nodes read text that is UTF-8; convert it")


def train(
    arguments: argparse.Namespace, model: Any, continues: bool, how: dict[str, Any]
) -> tuple[bool, float]:
    """Train on a cluster; return whether that came to its end, and its seconds."""
    inputs = arguments.inputs
    is_saved = len(inputs) == 1 and filetypes.kind(inputs[0]) == "corpus"
    corpus = EncodedCorpus.load(inputs[0]) if is_saved else inputs
    address = None if arguments.ray == "auto" else arguments.ray
    call = distributed.resume if continues else distributed.train
    options, start = given(arguments, OPTIONS), time.perf_counter()
    if not isinstance(arguments.workers, AllCores):  # other machines have other processors
        options["workers"] = arguments.workers
    finished = stopping.trained(
        arguments, model, lambda: call(model, corpus, address=address, **options, **how)
    )
    return finished, time.perf_counter() - start
