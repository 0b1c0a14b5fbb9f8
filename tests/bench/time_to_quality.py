#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPU seconds of `embed` until its rows classify as well as is asked for.

For each setting the number of walks is raised along a list until the mean micro- and macro-F1,
over seeds and shuffles, reach both goals, as classify.py scores rows with half of the labels
known. CPU seconds are those of the whole process, user and system, from file to file: the
median of the seeds, the least and the greatest; beside them the report's phases.

    time_to_quality.py GRAPH.h5 LABELS --micro 40.5 --macro 26.8 --walks-list 10 20 40 80 \\
        -- --walk-length 40 : --walk-length 40 --init fastrp

Settings stand behind "--", with ":" between them. Runs on one rank and, unless a setting says
otherwise, one thread.
"""
import argparse
import json
import statistics
import sys
import tempfile
import warnings

import numpy as np

import process
import settings


def embed(arguments, setting, walks, seed, directory):
    """CPU seconds of the process, CPU seconds by phase, and F1 in percent."""
    output, report = f"{directory}/rows.h5", f"{directory}/report.json"
    usage = process.run([arguments.program, "embed", arguments.graph, "-o", output,
                         "--overwrite", "--quiet", "--report", report, "--threads", 1,
                         "--seed", seed, "--walks", walks, *setting.split()])
    with open(report, encoding="utf-8") as file:
        phases = {name: spent["cpu_seconds"] for name, spent in json.load(file)["phases"].items()}
    return usage.cpu, phases, settings.f1(output, arguments)[0]


def show_phases(runs):
    """Medians of the phases that matter: a hundredth of the process or more."""
    whole = statistics.median(cpu for cpu, _, _ in runs)
    medians = {name: statistics.median(phases[name] for _, phases, _ in runs)
               for name in runs[0][1]}
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in medians.items()
                     if seconds > .01 * whole)


def climb(arguments, setting, directory):
    """One row of the table for each number of walks, to the first that reaches the goals."""
    for walks in arguments.walks_list:
        runs = [embed(arguments, setting, walks, seed, directory) for seed in arguments.seeds]
        micro, macro = np.mean([f1 for _, _, f1 in runs], axis=0)
        has_reached = micro >= arguments.micro and macro >= arguments.macro
        print(f"| {setting} | {walks} | {process.spread([cpu for cpu, _, _ in runs])} | "
              f"{show_phases(runs)} | {micro:.2f} | {macro:.2f} | "
              f"{'yes' if has_reached else 'no'} |", flush=True)
        if has_reached:
            return


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("labels")
    parser.add_argument("--micro", type=float, required=True, help="percent")
    parser.add_argument("--macro", type=float, required=True, help="percent")
    parser.add_argument("--walks-list", type=int, nargs="+", default=[5, 10, 20, 40, 80])
    parser.add_argument("--fractions", type=float, nargs=1, default=[0.5])
    parser.add_argument("--shuffles", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--program", default="build/halo2vec")
    at = argv.index("--") if "--" in argv else len(argv)
    arguments = parser.parse_args(argv[:at])
    arguments.settings = settings.split_at_colons(argv[at + 1:])
    return arguments


def main(argv):
    """Print rows as they come."""
    arguments = parse(argv)
    warnings.filterwarnings("ignore", message="Label not .* is present in all training")
    print(f"goals: micro {arguments.micro}, macro {arguments.macro}; "
          f"{len(arguments.seeds)} seeds, {arguments.shuffles} shuffles\n\n"
          "| setting | walks | CPU s | of these, by phase | micro | macro | reached |\n"
          "|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        for setting in arguments.settings:
            climb(arguments, setting, directory)


if __name__ == "__main__":
    main(sys.argv[1:])
