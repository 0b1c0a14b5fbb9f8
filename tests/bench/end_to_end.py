#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole road, from an edge list to an embedding: `convert`, then `embed`.

Prints seconds of the wall and of the CPU by phase, million pairs per CPU second, and the peak
memory of the largest process of each command, as the kernel counts it, medians of the repeats
(the least to the greatest). Of ranks' phases the wall is that of the slowest, the CPU that of
all. A graph file as input is not converted.

    end_to_end.py edges.txt --program build/halo2vec --ranks 2 --threads 1 -- --walks 10 --parts 12

What stands behind "--" are options of `embed`. --perf then runs both once more under perf, on
one rank and one thread, and prints the ten hottest functions of each phase.
"""
import argparse
import collections
import json
import os
import pathlib
import sys
import tempfile

import hottest
import process


class Figures:
    """Values under labels, in the order of their first appearance."""

    def __init__(self):
        self.values = collections.defaultdict(list)

    def add(self, label, value):
        """One of the repeats."""
        self.values[label].append(value)

    def add_usage(self, command, usage):
        """What all commands have."""
        self.add(f"{command}, wall seconds", usage.wall)
        self.add(f"{command}, CPU seconds", usage.cpu)
        self.add(f"{command}, peak MB of the largest process", usage.megabytes)

    def show(self):
        """Medians and spreads."""
        for label, values in self.values.items():
            print(f"{label}: {process.spread(values)}")


def is_graph_file(path):
    """As HDF5 begins."""
    with open(path, "rb") as file:
        return file.read(4) == b"\x89HDF"


def convert_command(arguments, graph, threads):
    """From text to a graph file."""
    return [arguments.program, "convert", arguments.input, "-o", graph, "--overwrite",
            "--threads", threads, *arguments.convert.split()]


def embed_command(arguments, graph, directory, threads):
    """From a graph file to rows; the report is beside them."""
    return [arguments.program, "embed", graph, "-o", directory / "rows.h5", "--overwrite",
            "--quiet", "--report", directory / "report.json", "--threads", threads,
            *arguments.options]


def add_report(figures, told, usage):
    """Phases and pairs."""
    for name, spent in told["phases"].items():
        if spent["wall_seconds"] > 0:
            figures.add(f"embed, {name}, wall seconds", spent["wall_seconds"])
            figures.add(f"embed, {name}, CPU seconds", spent["cpu_seconds"])
    figures.add("embed, peak MB of all ranks",
                sum(rank["peak_bytes"] for rank in told["ranks"]) / 1e6)
    millions = 1e-6 * sum(rank["num_pairs"] for rank in told["ranks"])
    if millions == 0:
        return
    rounds = sum(told["phases"][name]["cpu_seconds"]
                 for name in ("walk", "route", "pull", "train", "push"))
    figures.add("million pairs", millions)
    figures.add("million pairs per CPU second of the rounds", millions / rounds)
    figures.add("million pairs per CPU second of embed", millions / usage.cpu)


def turn(arguments, directory, figures):
    """Convert and embed once."""
    graph, wall, cpu = arguments.input, 0, 0
    if not arguments.is_graph:
        graph = directory / "graph.h5"
        usage = process.run(convert_command(arguments, graph, arguments.threads))
        figures.add_usage("convert", usage)
        wall, cpu = usage.wall, usage.cpu
    launch = [] if arguments.ranks == 1 else \
        [os.environ.get("MPIEXEC", "mpirun"), "--oversubscribe", "--bind-to", "none", "-n",
         arguments.ranks]
    usage = process.run(launch + embed_command(arguments, graph, directory, arguments.threads))
    figures.add_usage("embed", usage)
    told = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    add_report(figures, told, usage)
    figures.add("all, wall seconds", wall + usage.wall)
    figures.add("all, CPU seconds", cpu + usage.cpu)


def show_hottest(arguments, directory):
    """Under perf, if it is there."""
    graph = arguments.input if arguments.is_graph else directory / "graph.h5"
    commands = {"embed": embed_command(arguments, graph, directory, 1)}
    if not arguments.is_graph:
        commands = {"convert": convert_command(arguments, graph, 1), **commands}
    for label, command in commands.items():
        found = hottest.record(command, directory)
        if found is None:
            print("perf: not here")
            return
        hottest.show(label, found)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--program", default="build/halo2vec")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--convert", default="", help='options of convert: "--directed"')
    parser.add_argument("--perf", action="store_true")
    at = argv.index("--") if "--" in argv else len(argv)
    arguments = parser.parse_args(argv[:at])
    arguments.options = argv[at + 1:]
    arguments.is_graph = is_graph_file(arguments.input)
    return arguments


def main(argv):
    """Repeat, then print."""
    arguments = parse(argv)
    figures = Figures()
    print(f"ranks: {arguments.ranks}\nthreads: {arguments.threads}\n"
          f"repeats: {arguments.repeat}")
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        for _ in range(arguments.repeat):
            turn(arguments, directory, figures)
        figures.show()
        if arguments.perf:
            show_hottest(arguments, directory)


if __name__ == "__main__":
    main(sys.argv[1:])
