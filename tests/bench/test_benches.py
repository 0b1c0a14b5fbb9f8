#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Benches run, and what they print has the form that is promised: no time is judged here.

test_benches.py PROGRAM DIRECTORY, where DIRECTORY has the benches that are built.
"""
import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from importlib.util import find_spec

import hottest

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

    def test_end_to_end(self):
        text = run(sys.executable, "-B", HERE / "end_to_end.py", DATASETS / "karate.edges",
                   "--program", PROGRAM, "--repeat", 1, "--", "--walks", 2, "--dim", 20)
        for what in ("convert, wall seconds", "convert, peak MB of the largest process",
                     "embed, train, CPU seconds", "embed, peak MB of all ranks",
                     "million pairs per CPU second of embed", "all, CPU seconds"):
            self.assertRegex(text, f"\n{what}: {FIGURE}\n")


@unittest.skipUnless(find_spec("sklearn") and find_spec("h5py"), "needs scikit-learn and h5py")
class Quality(unittest.TestCase):
    """Settings, and walks that are raised until goals are reached."""

    def test_settings(self):
        import settings
        words = "--walks 1 : : --by PROGRAM --dim 8".split()
        found = settings.read_settings(words)
        self.assertEqual(found, ["--walks 1", "--walks 1 --by PROGRAM --dim 8"])
        self.assertEqual(settings.read_settings(words[:2]), ["--walks 1"])
        self.assertEqual(settings.split_setting(found[1], "ours"),
                         (["PROGRAM"], ["--walks", "1", "--dim", "8"]))
        self.assertEqual(settings.split_setting(found[0], "ours")[0][:2], ["ours", "embed"])

    def rows(self, *words):
        """Of the table that is printed."""
        import time_to_quality
        with contextlib.redirect_stdout(io.StringIO()) as output:
            time_to_quality.main([str(word) for word in words])
        lines = output.getvalue().strip().split("\n")[4:]
        return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]

    def test_goals(self):
        import time_to_quality
        real = time_to_quality.embed
        self.addCleanup(setattr, time_to_quality, "embed", real)
        time_to_quality.embed = lambda arguments, setting, walks, seed, directory: (
            walks + seed, {"train": walks, "load": 0}, (walks, 2 * walks + seed))
        options = ["graph", "labels", "--walks-list", 5, 10, 20, "--seeds", 1, 2, 3]
        settings = ["--", "--dim", 8, ":", "--init", "fastrp"]
        found = self.rows(*options, "--micro", 10, "--macro", 10, *settings)
        self.assertEqual([row[0] for row in found], 2 * ["--dim 8"] + 2 * ["--init fastrp"])
        self.assertEqual(found[1][1:], ["10", "12.00 (11.00 to 13.00)", "train 10.00", "10.00",
                                        "22.00", "yes"])
        self.assertEqual([row[-1] for row in found], 2 * ["no", "yes"])
        found = self.rows(*options, "--micro", 0, "--macro", 43, *settings)
        self.assertEqual([row[-1] for row in found], 6 * ["no"])

    def test_one_run(self):
        with tempfile.TemporaryDirectory() as directory:
            graph = pathlib.Path(directory) / "karate.h5"
            run(PROGRAM, "convert", DATASETS / "karate.edges", "-o", graph)
            row, = self.rows(graph, DATASETS / "karate.labels", "--program", PROGRAM, "--micro",
                             60, "--macro", 60, "--walks-list", 20, "--seeds", 1, "--", "--dim", 20)
        self.assertEqual(row[-1], "yes")
        self.assertRegex(row[2], FIGURE)


class Hottest(unittest.TestCase):
    """Samples as perf prints them."""

    def test_the_outermost_known_caller_tells_the_phase(self):
        script = "\n\n".join([
            "halo2vec \n\t 10 dot\n\t 11 h2vi_walk\n\t 12 h2vi_walk_count_visits\n\t 13 main",
            "halo2vec \n\t 10 dot\n\t 11 h2vi_walk.isra.0\n\t 13 main",
            "halo2vec \n\t 10 dot\n\t 13 main",
            "orted \n\t 10 h2vi_walk"])
        found = hottest.count(script, "halo2vec")
        self.assertEqual(found, {"trial": {"dot": 1}, "walk": {"dot": 1}, "other": {"dot": 1}})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
