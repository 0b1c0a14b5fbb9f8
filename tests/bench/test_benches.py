#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Benches run, and what they print has the form that is promised: no time is judged here.

test_benches.py PROGRAM DIRECTORY, where DIRECTORY has the benches that are built.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
DATASETS = HERE.parents[1] / "datasets"
PROGRAM, BENCHES = map(pathlib.Path, sys.argv[1:])
FIGURE = r"[0-9.]+ \([0-9.]+ to [0-9.]+\)"


def run(*command, status=0):
    """What a command printed, outputs and errors."""
    found = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
    if found.returncode != status:
        raise AssertionError(f"{command} ended with {found.returncode}: {found.stdout}")
    return found.stdout


class Benches(unittest.TestCase):
    """Each on the smallest graph."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.directory = pathlib.Path(cls.scratch.name)
        cls.graph = cls.directory / "karate.h5"
        run(PROGRAM, "convert", DATASETS / "karate.edges", "-o", cls.graph)

    def test_sequential_ranks_edges_first(self):
        split, output = self.directory / "split", self.directory / "rows.h5"
        report = self.directory / "report.json"
        run(PROGRAM, "evaluate", "split", self.graph, "-o", split)
        options = ["--walks", 40, "--walk-length", 20, "--window", 4, "--dim", 20]
        text = run(BENCHES / "sequential", split / "train.h5", "-o", output, "--report", report,
                   "--repeat", 2, *options)
        self.assertRegex(text, f"million pairs per CPU second: {FIGURE}\n")
        told = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual(told["num_pairs"], int(re.search(r"pairs: (\d+)", text)[1]))
        self.assertEqual(set(told["phases"]), {"walk", "train"})
        # Pairs are those of embed, to the last one.
        ours = self.directory / "ours.json"
        run(PROGRAM, "embed", split / "train.h5", "-o", self.directory / "ours.h5", "--quiet",
            "--report", ours, *options)
        self.assertEqual(json.loads(ours.read_text(encoding="utf-8"))["num_pairs"],
                         told["num_pairs"])
        scores = run(PROGRAM, "evaluate", "links", output, split)
        auc = re.search(r"in-out +uniform +([0-9.]+)", scores)
        self.assertGreater(float(auc[1]), .5, scores)

    def test_sequential_says_what_it_lacks(self):
        self.assertRegex(run(BENCHES / "sequential", self.graph, status=1), "-o with an output")
        self.assertRegex(run(BENCHES / "sequential", self.graph, "--dim", status=1),
                         "--dim takes numbers from 1")

    def test_limits_of_small_arrays(self):
        if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
            self.skipTest("limits needs AVX2")
        text = run(BENCHES / "limits", "--most", 1, "--repeat", 2)
        for what in ("avx2, billion vectors multiplied and added per second",
                     "fresh pages of 4 KiB, GB per second", "fresh huge pages, GB per second"):
            self.assertRegex(text, f"\n{what}: {FIGURE}\n")
        for size in ("16 KiB", "256 KiB", "1 MiB"):
            for what in ("read through, GB per second", "a row read, nanoseconds",
                         "a load that waits for the last one, nanoseconds",
                         "a row read and changed, nanoseconds"):
                self.assertRegex(text, f"\n{size}, {what}: {FIGURE}\n")
        self.assertNotIn("8 MiB", text)
        self.assertRegex(run(BENCHES / "limits", "--least", 1, status=1), "no such option")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
