#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""halo2vec convert beside pandas and scipy: gigabytes of text per second, and memory.

Two ways from a text of "u v" lines to a file of rows, undirected, in one run and by turns:

halo2vec  convert --threads N, by its own report: from the text to the written file. What it
          waits for the disk at the end is reported apart; the start of MPI is not counted
pandas    read_csv (the C engine), factorize, scipy's coo to csr, both directions, sorted rows,
          written by h5py without compression; imports are not counted, nor is there an fsync

    convert.py EDGES.txt --program build/halo2vec --threads 2 --repeat 5

The text is read once before, so that it comes from memory. Peak memory is that of the whole
process. Needs python3-pandas, python3-scipy and python3-h5py.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec

KILOBYTE = 1024


def convert_with_pandas(edges, output):
    """The child process: seconds from text to file, as JSON."""
    import h5py
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
    with open(edges, encoding="utf-8") as file:
        line = file.readline()
    separator = next((mark for mark in ("\t", ",") if mark in line), " ")
    start = time.perf_counter()
    frame = pd.read_csv(edges, sep=separator, header=None, usecols=[0, 1], engine="c")
    gids, ids = pd.factorize(frame.to_numpy().ravel())
    del frame
    sources, targets = gids[0::2], gids[1::2]
    kept = sources != targets
    sources, targets = sources[kept], targets[kept]
    size = len(ids)
    ones = np.ones(len(sources), np.int8)
    rows = sp.coo_matrix((ones, (sources, targets)), shape=(size, size)).tocsr()
    del gids, sources, targets, kept, ones
    rows = rows + rows.T
    rows.sort_indices()
    with h5py.File(output, "w") as file:
        file["offsets"] = rows.indptr.astype("u8")
        file["targets"] = rows.indices.astype("u4")
        file["ids"] = ids
    print(json.dumps({"seconds": time.perf_counter() - start, "arcs": int(rows.indptr[-1])}))


def read_once(path):
    """The number of bytes. A piece at a time: a child's peak is at least its parent's."""
    with open(path, "rb") as file:
        return sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b""))


def run(command):
    """What a process printed, and its peak memory in megabytes."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        with subprocess.Popen([str(word) for word in command], stdout=output,
                              stderr=subprocess.STDOUT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{text}convert.py: {command[0]} ended with {process.returncode}")
    return text, usage.ru_maxrss * KILOBYTE / 1e6


def run_program(arguments, directory):
    """Seconds, seconds of the disk, arcs, megabytes."""
    text, memory = run([arguments.program, "convert", arguments.edges, "-o",
                        directory / "ours.h5", "--overwrite", "--threads", arguments.threads])
    times = re.search(r"time: ([0-9.]+) s and ([0-9.]+) s to the disk", text)
    arcs = re.search(r"arcs: (\d+)", text)
    return float(times[1]), float(times[2]), int(arcs[1]), memory


def run_pandas(arguments, directory):
    """Seconds, arcs, megabytes."""
    text, memory = run([sys.executable, __file__, "--child", arguments.edges,
                        directory / "theirs.h5"])
    found = json.loads(text.splitlines()[-1])
    return found["seconds"], found["arcs"], memory


def spread(values, digits=3):
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}, {max(values):.{digits}f})")


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("edges")
    parser.add_argument("--program", default="build/halo2vec")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5)
    return parser.parse_args(argv)


def main(argv):
    """Measure by turns; print medians (least, most)."""
    if argv[:1] == ["--child"]:
        convert_with_pandas(*argv[1:])
        return
    arguments = parse(argv)
    missing = [name for name in ("pandas", "scipy", "h5py") if not find_spec(name)]
    if missing:
        sys.exit(f"convert.py: {sys.executable} has no {', '.join(missing)}")
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    gigabytes = read_once(arguments.edges) / 1e9
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(arguments.repeat):
            ours.append(run_program(arguments, pathlib.Path(name)))
            theirs.append(run_pandas(arguments, pathlib.Path(name)))
    if ours[0][2] != theirs[0][1]:
        sys.exit(f"convert.py: {ours[0][2]} arcs here, {theirs[0][1]} there")
    print(f"text, GB: {gigabytes:.3f}; arcs: {ours[0][2]}; repeats: {arguments.repeat}")
    print(f"halo2vec, threads: {arguments.threads}")
    print(f"halo2vec, GB/s: {spread([gigabytes / run[0] for run in ours])}")
    print(f"halo2vec, s: {spread([run[0] for run in ours])}")
    print(f"halo2vec, s to the disk: {spread([run[1] for run in ours])}")
    print(f"halo2vec, peak MB: {spread([run[3] for run in ours], 0)}")
    print(f"pandas, GB/s: {spread([gigabytes / run[0] for run in theirs])}")
    print(f"pandas, s: {spread([run[0] for run in theirs])}")
    print(f"pandas, peak MB: {spread([run[2] for run in theirs], 0)}")
    print(f"pandas / halo2vec, s: {spread([t[0] / o[0] for o, t in zip(ours, theirs)], 1)}")


if __name__ == "__main__":
    main(sys.argv[1:])
