#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Strong scaling in CPU seconds and bytes, and in wall seconds on hosts that are not there.

Embeds one graph on several numbers of ranks, with --report and --trace, and prints Markdown
tables: CPU seconds inside cells, walks and routing, and between groups (waiting excluded), the
sum over ranks and the rank that spent most; MB that a rank sent, by phase, mean and most; wall seconds
and idle share from replaying the trace (replay.py says what is assumed). Ranks may outnumber
cores by far: what they cost shows in CPU seconds, and the replay puts them on cores of their
own.

Options after -- go to embed; {ranks} in them stands for the number of ranks:

    scaling.py graph.h5 -- --parts 96 --walks 10 --groups {ranks}
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the checkout stays clean
from replay import BANDWIDTHS, LATENCY, PHASES, Replay, Trace, mean  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
WORK = {"cells": "cell_seconds", "walks": "walk_seconds", "routing": "route_seconds"}


def embed(arguments, num_ranks, directory):
    """Run embed; its report, its trace, and the digest of its rows."""
    output, report, trace = (directory / f"{num_ranks}.{name}"
                             for name in ("h5", "report.json", "trace.jsonl"))
    options = [option.replace("{ranks}", str(num_ranks)) for option in arguments.options]
    command = [HERE.parent / "support" / "mpirun.sh", str(num_ranks), arguments.program,
               "embed", arguments.graph, "-o", output, "--report", report, "--trace", trace,
               "--overwrite", "--quiet", "--threads", str(arguments.threads), *options]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(f"scaling.py: embed failed on {num_ranks} ranks")
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    output.unlink()
    with open(trace, encoding="utf-8") as file:
        return json.loads(report.read_text(encoding="utf-8")), Trace(file), digest


def print_table(head, rows):
    """In Markdown."""
    for cells in [head, ["---:"] * len(head), *rows]:
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


def seconds_row(report, trace):
    """Sum and maximum over ranks of what is inside cells, walks, routing, between groups."""
    row, totals = [], [0.0] * report["num_ranks"]
    between = zip(trace.stage_seconds("pull"), trace.stage_seconds("push"))
    work = [[rank[key] for rank in report["ranks"]] for key in WORK.values()]
    for seconds in [*work, [sum(pair) for pair in between]]:
        totals = [a + b for a, b in zip(totals, seconds)]
        row += [f"{sum(seconds):.3f}", f"{max(seconds):.3f}"]
    return row + [f"{sum(totals):.3f}", f"{max(totals):.3f}"]


def bytes_row(report):
    """MB a rank by phase, mean and most; of the rounds only."""
    totals, row = [0] * report["num_ranks"], []
    for phase in PHASES:
        sent = [rank["bytes_sent"][phase] for rank in report["ranks"]]
        totals = [a + b for a, b in zip(totals, sent)]
        row.append(f"{mean(sent) / 1e6:.2f} / {max(sent) / 1e6:.2f}")
    return row + [f"{mean(totals) / 1e6:.2f} / {max(totals) / 1e6:.2f}"]


def replay_row(trace, latency, ranks_per_host):
    """Wall seconds and idle share by bandwidth."""
    row = []
    for gigabits in BANDWIDTHS:
        replay = Replay(trace, gigabits, latency, ranks_per_host)
        row.append(f"{replay.wall:.3f} ({100 * replay.idle_share():.0f} %)")
    return row


def show(runs, arguments):
    """All tables; runs by number of ranks."""
    heads = [f"{name}, {what}" for name in [*WORK, "pull and push", "together"] for what in ("sum", "max")]
    print("CPU seconds:\n")
    print_table(["ranks", *heads],
                [[str(n), *seconds_row(report, trace)]
                 for n, (report, trace, _) in runs.items()])
    print("MB sent by a rank, mean / most:\n")
    print_table(["ranks", *PHASES, "together"],
                [[str(n), *bytes_row(report)] for n, (report, _, _) in runs.items()])
    print(f"Wall seconds of the training as replayed (idle share), {arguments.latency:g} "
          f"microseconds of latency, {arguments.ranks_per_host} ranks a host:\n")
    print_table(["ranks", *(f"{gigabits} Gbit/s" for gigabits in BANDWIDTHS)],
                [[str(n), *replay_row(trace, 1e-6 * arguments.latency,
                                      arguments.ranks_per_host)]
                 for n, (_, trace, _) in runs.items()])
    print(f"Different embeddings: {len({digest for _, _, digest in runs.values()})}")


def main():
    """Read the arguments, run, show."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", help="what convert wrote")
    parser.add_argument("--program", default="build/check/halo2vec")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--threads", type=int, default=1, help="of a rank (default: 1)")
    parser.add_argument("--latency", type=float, default=1e6 * LATENCY,
                        metavar="MICROSECONDS")
    parser.add_argument("--ranks-per-host", type=int, default=1, metavar="N")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIRECTORY",
                        help="for reports and traces; made if need be")
    own, options = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, options = own[:at], own[at + 1:]
    arguments = parser.parse_args(own)
    arguments.options = options
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.keep or pathlib.Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        runs = {n: embed(arguments, n, directory) for n in arguments.ranks}
    first = next(iter(runs.values()))[0]
    print(f"{first['num_vertices']} vertices, {first['num_arcs']} arcs, "
          f"{first['num_pairs']} pairs; {first['num_threads']} threads a rank, "
          f"{first['kernel']} kernel; embed {' '.join(options)}\n")
    show(runs, arguments)


if __name__ == "__main__":
    main()
