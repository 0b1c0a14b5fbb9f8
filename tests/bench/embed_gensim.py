#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast `embed` trains, beside gensim's skip-gram, in one run by turns.

Both train on as many walks, with the same window, negatives and dimensions, on one thread:
`embed` walks itself, gensim reads the walks that `halo2vec walk` wrote. Counted are CPU
seconds: walking, routing and training for `embed` (its report), training for gensim (its
vocabulary and the reading of Python's modules apart). A pair is a center and a context; both
draw the width of each window, so that one number of pairs serves both.

    taskset -c 1 tests/bench/embed_gensim.py blogcatalog.h5 --repeat 5
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

GENSIM = """
import sys, time
from gensim.models import Word2Vec
path, dim, window, negatives, rate = sys.argv[1], *map(float, sys.argv[2:])
model = Word2Vec(vector_size=int(dim), window=int(window), negative=int(negatives), alpha=rate,
                 sg=1, hs=0, sample=0, min_count=0, workers=1)
model.build_vocab(corpus_file=path)
start = time.process_time()
model.train(corpus_file=path, total_examples=model.corpus_count,
            total_words=model.corpus_total_words, epochs=1)
print(time.process_time() - start)
"""


def our_turn(arguments, directory):
    """CPU seconds of the rounds, and their pairs."""
    report = f"{directory}/report.json"
    subprocess.run([arguments.program, "embed", arguments.graph, "-o", f"{directory}/rows.h5",
                    "--overwrite", "--quiet", "--threads", "1", "--report", report,
                    *walk_options(arguments), "--dim", str(arguments.dim),
                    "--window", str(arguments.window), "--negatives", str(arguments.negatives)],
                   check=True)
    with open(report, encoding="utf-8") as file:
        rank, = json.load(file)["ranks"]
    seconds = [rank[name] for name in ("walk_seconds", "route_seconds", "cell_seconds")]
    return seconds, rank["num_pairs"]


def gensim_turn(arguments, walks):
    """CPU seconds of one epoch."""
    numbers = [arguments.dim, arguments.window, arguments.negatives, 0.025]
    found = subprocess.run([sys.executable, "-c", GENSIM, walks, *map(str, numbers)],
                           check=True, capture_output=True, text=True)
    return float(found.stdout)


def walk_options(arguments):
    """Of both `walk` and `embed`."""
    return ["--walks", str(arguments.walks), "--walk-length", str(arguments.walk_length)]


def show(label, values):
    """Median, least and greatest."""
    print(f"{label}: {statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})")


def main():
    """By turns, so that what else the machine does meets both."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("--program", default="build/halo2vec")
    for name, default in (("walks", 10), ("walk-length", 40), ("dim", 128), ("window", 10),
                          ("negatives", 5), ("repeat", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    os.environ["OMP_WAIT_POLICY"] = "passive"
    ours, theirs, ratios, parts = [], [], [], []
    with tempfile.TemporaryDirectory() as directory:
        walks = f"{directory}/walks.txt"
        subprocess.run([arguments.program, "walk", arguments.graph, "-o", walks, "--quiet",
                        *walk_options(arguments)], check=True)
        for _ in range(arguments.repeat):
            seconds, num_pairs = our_turn(arguments, directory)
            gensim_seconds = gensim_turn(arguments, walks)
            parts.append([1e9 * part / num_pairs for part in seconds])
            ours.append(num_pairs * 1e-6 / sum(seconds))
            theirs.append(num_pairs * 1e-6 / gensim_seconds)
            ratios.append(gensim_seconds / sum(seconds))
    print(f"million pairs: {num_pairs * 1e-6:.1f}")
    for name, values in zip(("walk", "route", "cells"), zip(*parts)):
        show(f"ours, nanoseconds of a pair, {name}", values)
    show("ours, million pairs per CPU second", ours)
    show("gensim, million pairs per CPU second", theirs)
    show("ours / gensim", ratios)


if __name__ == "__main__":
    main()
