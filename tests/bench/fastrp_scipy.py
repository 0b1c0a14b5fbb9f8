#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""FastRP beside its authors' method in scipy: seconds from graph file to embedding file.

Three ways to the same thing, in one run and by turns, on one thread each:

authors  the published method as its authors program it (Chen et al., CIKM 2019): scikit-learn's
         SparseRandomProjection (density 1/sqrt n), and powers that stay sparse matrices until
         they are merged
dense    the same with a dense float32 matrix: scipy's sparse x dense product
halo2vec embed --method fastrp --threads 1, by its own report

    fastrp_scipy.py GRAPH.h5 --program build/halo2vec --repeat 5

Prints, for each, medians (least, most) of the seconds inside the process between the graph in
memory and the rows in memory ("inside"), and of wall seconds from file to file ("file to file");
then ratios. The start of MPI is measured by a run that does nothing, and taken off halo2vec's
wall seconds; scipy's imports are not counted either.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import h5py
import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize
from sklearn.random_projection import SparseRandomProjection


def read_graph(path):
    """The adjacency matrix, as scipy likes it."""
    with h5py.File(path, "r") as file:
        offsets, targets = file["offsets"][:], file["targets"][:]
        weights = file["weights"][:] if "weights" in file else np.ones(len(targets), "f4")
    size = len(offsets) - 1
    return sp.csr_matrix((weights.astype("f4"), targets.astype("i4"), offsets.astype("i8")),
                         shape=(size, size))


def transition(adjacency):
    """D^-1 S; rows without arcs stay zero."""
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    inverse = np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    return sp.diags(inverse.astype("f4")) @ adjacency, np.where(degrees > 0, degrees, 1)


def merge(powers, weights):
    """Powers with rows of length 1, weighted and added."""
    total = np.zeros(powers[0].shape, "f4")
    for power, weight in zip(powers, weights):
        rows = np.asarray(power.todense()) if sp.issparse(power) else power
        total += normalize(rows) * np.float32(weight)
    return total


def authors(adjacency, arguments):
    """As published: sparse times sparse."""
    step, degrees = transition(adjacency)
    projector = SparseRandomProjection(n_components=arguments.dim, random_state=42)
    projector.fit(adjacency)
    projector.components_ = projector.components_ @ sp.diags(degrees ** arguments.strength)
    powers = [projector.transform(step)]
    while len(powers) < len(arguments.weights):
        powers.append(step @ powers[-1])
    return merge(powers, arguments.weights)


def dense(adjacency, arguments):
    """The same with sparse times dense float32 (R with s = 3)."""
    step, degrees = transition(adjacency)
    signs = np.random.default_rng(42).integers(0, 6, (len(degrees), arguments.dim), "i1")
    rows = ((signs == 0).astype("f4") - (signs == 1)) * np.float32(np.sqrt(3))
    rows *= (degrees ** arguments.strength).astype("f4")[:, None]
    powers = []
    for _ in arguments.weights:
        rows = step @ rows
        powers.append(rows)
    return merge(powers, arguments.weights)


def run_scipy(method, arguments, directory):
    """Seconds inside and from file to file."""
    start = time.perf_counter()
    adjacency = read_graph(arguments.graph)
    inside = time.process_time()
    rows = method(adjacency, arguments)
    inside = time.process_time() - inside
    with h5py.File(directory / "scipy.h5", "w") as file:
        file["embeddings"] = rows
    return inside, time.perf_counter() - start


def run_program(options, arguments, directory):
    """Seconds inside (CPU, of the phases that make rows) and from file to file (wall)."""
    report = directory / "report.json"
    command = [arguments.program, "embed", arguments.graph, "-o", directory / "ours.h5",
               "--overwrite", "--method", "fastrp", "--dim", arguments.dim,
               "--iteration-weights", ",".join(map(str, arguments.weights)),
               "--normalization-strength", arguments.strength, "--threads", 1, "-q",
               "--report", report, *options]
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True)
    wall = time.perf_counter() - start
    phases = json.loads(report.read_text(encoding="utf-8"))["phases"]
    inside = sum(phases[phase]["cpu_seconds"] for phase in ("init", "multiply"))
    return inside, wall


def start_seconds(arguments):
    """What a process of MPI costs before it does anything."""
    start = time.perf_counter()
    subprocess.run([arguments.program, "--version"], check=True, capture_output=True)
    return time.perf_counter() - start


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f}, {max(values):.3f}) s"


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("graph")
    parser.add_argument("--program", default="build/halo2vec")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--weights", type=float, nargs="+", default=[0, 0, 1, 6.67])
    parser.add_argument("--strength", type=float, default=-0.64)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--without", nargs="*", default=[], choices=["authors", "dense"])
    return parser.parse_args(argv)


def main(argv):
    """Measure by turns, print medians and ratios."""
    arguments = parse(argv)
    warnings.simplefilter("ignore")
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    found = {}
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        ways = {"authors": lambda: run_scipy(authors, arguments, directory),
                "dense": lambda: run_scipy(dense, arguments, directory),
                "halo2vec f32": lambda: run_program([], arguments, directory),
                "halo2vec bf16": lambda: run_program(["--precision", "bf16"], arguments,
                                                     directory)}
        ways = {way: run for way, run in ways.items() if way not in arguments.without}
        for _ in range(arguments.repeat):
            for way, run in ways.items():
                found.setdefault(way, []).append(run())
            found.setdefault("start", []).append(start_seconds(arguments))
    start = statistics.median(found["start"])
    print(f"start of MPI: {spread(found.pop('start'))}")
    insides, walls = {}, {}
    for way, runs in found.items():
        off = start if way.startswith("halo2vec") else 0
        insides[way] = statistics.median(inside for inside, _ in runs)
        walls[way] = statistics.median(wall for _, wall in runs) - off
        print(f"{way}: inside {spread([inside for inside, _ in runs])}, "
              f"file to file {spread([wall - off for _, wall in runs])}")
    for ours in [way for way in found if way.startswith("halo2vec")]:
        for theirs in [way for way in found if not way.startswith("halo2vec")]:
            print(f"{theirs} / {ours}: inside {insides[theirs] / insides[ours]:.1f}, "
                  f"file to file {walls[theirs] / walls[ours]:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
