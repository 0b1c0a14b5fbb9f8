#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What settings of embed cost and give: CPU seconds, in-out AUC and F1, side by side.

For each seed a fifth of the edges is held out (`evaluate split`), each setting is trained on
the rest by one rank and one thread (no result depends on either), the held-out edges are told
from uniform non-edges by in_u . out_v + in_v . out_u, and, if there are labels, half of the
labelled vertices train a classifier as in classify.py. Scores are scikit-learn's.

    settings.py GRAPH.h5 --labels LABELS -- --walks 10 --walk-length 40 --parts 32 \\
        : --groups 32 --rounds 64 --combiner saturating : --groups 8
    settings.py GRAPH.h5 --labels LABELS -- --walk-length 40 : --walks 5 : --walks 5 --init fastrp

What stands before the first ":" is common to all settings. "--by PROGRAM" in a setting has the
rows made by another program, such as `sequential`, on the same splits:

    settings.py GRAPH.h5 -- --walks 10 --walk-length 40 : : --by build/tests/bench/sequential

One line a setting is printed: medians of CPU seconds, means of scores; the least to the greatest.
One JSON line a run is added to --results; runs that are there already are not repeated. CPU
seconds are those between the graph on its rank and the last row, cutting it apart; of other
programs, what their reports have.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import MultiLabelBinarizer

import classify
import process


def in_out_auc(embedding, split):
    """Held-out edges against uniform non-edges."""
    with h5py.File(embedding, "r") as file:
        rows, contexts = file["embeddings"][:], file["contexts"][:]
    with h5py.File(split / "pairs.h5", "r") as file:
        kinds = [file["positives"][:], file["negatives_uniform"][:]]
    scores, labels = [], []
    for label, pairs in zip((1, 0), kinds):
        u, v = pairs[:, 0], pairs[:, 1]
        scores.append(np.einsum("ij,ij->i", rows[u], contexts[v]) +
                      np.einsum("ij,ij->i", rows[v], contexts[u]))
        labels.append(np.full(len(pairs), label))
    return float(roc_auc_score(np.concatenate(labels), np.concatenate(scores)))


def f1(embedding, arguments):
    """Micro and macro in percent for each fraction of labelled vertices, a mean over shuffles."""
    names, rows = classify.read_embedding(embedding, "embeddings")
    labels = classify.read_labels(arguments.labels)
    known = [i for i, name in enumerate(names) if name in labels]
    truth = MultiLabelBinarizer().fit_transform([labels[names[i]] for i in known])
    options = argparse.Namespace(C=1.0, jobs=1)
    return [(100 * np.mean([classify.score(rows[known], truth, fraction, shuffle, options)
                            for shuffle in range(arguments.shuffles)], axis=0)).tolist()
            for fraction in arguments.fractions]


def training_seconds(report):
    """CPU seconds of what differs between settings."""
    phases = ("init", "multiply", "walk", "route", "pull", "train", "push")
    return sum(report["phases"].get(phase, {}).get("cpu_seconds", 0) for phase in phases)


def split_setting(setting, program):
    """The command that makes rows, and its options."""
    words = setting.split()
    if "--by" not in words:
        return [program, "embed", "--threads", "1", "--quiet"], words
    at = words.index("--by")
    return [words[at + 1]], words[:at] + words[at + 2:]


def run_one(arguments, directory, seed, setting):
    """Train and score one setting."""
    train = directory / f"split.{seed}" / "train.h5"
    command, options = split_setting(setting, arguments.program)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        output, report = f"{scratch}/embedding.h5", f"{scratch}/report.json"
        subprocess.run([*command, train if arguments.hold_out else arguments.graph, "-o", output,
                        "--report", report, "--seed", str(seed), *options], check=True,
                       stdout=subprocess.DEVNULL,
                       env=dict(os.environ, OMP_WAIT_POLICY="passive"))
        with open(report, encoding="utf-8") as file:
            told = json.load(file)
        found = {"setting": setting, "seed": seed, "cpu": training_seconds(told),
                 "pairs": told["num_pairs"], "rounds": told["parameters"].get("rounds", "")}
        if arguments.hold_out:
            found["auc"] = in_out_auc(output, train.parent)
        if arguments.labels:
            found["f1"] = f1(output, arguments)
    return found


def split_at_colons(words):
    """What stands between words ":"; nothing may stand there."""
    settings = [[]]
    for word in words:
        if word == ":":
            settings.append([])
        else:
            settings[-1].append(word)
    return [" ".join(setting) for setting in settings]


def read_settings(words):
    """Common options, then settings behind colons."""
    common, *settings = split_at_colons(words)
    return [f"{common} {setting}".strip() for setting in settings or [""]]


def main():
    """Run what is not there yet, then print means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("--labels")
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.5])
    parser.add_argument("--shuffles", type=int, default=2)
    parser.add_argument("--no-hold-out", dest="hold_out", action="store_false",
                        help="train on the whole graph: classification alone")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--program", default="build/halo2vec")
    parser.add_argument("--results", default="settings.jsonl")
    parser.add_argument("--jobs", type=int, default=1)
    own, _, words = " ".join(sys.argv[1:]).partition(" -- ")
    arguments = parser.parse_args(own.split())
    settings = read_settings(words.split())
    warnings.filterwarnings("ignore")
    results = pathlib.Path(arguments.results)
    found = [json.loads(line) for line in results.read_text().splitlines()] \
        if results.exists() else []
    known = {(run["setting"], run["seed"]) for run in found}
    with tempfile.TemporaryDirectory() as name, \
            ThreadPoolExecutor(arguments.jobs) as pool, results.open("a") as file:
        directory = pathlib.Path(name)
        for seed in arguments.seeds if arguments.hold_out else []:
            subprocess.run([arguments.program, "evaluate", "split", arguments.graph, "-o",
                            directory / f"split.{seed}", "--seed", str(seed)],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted = [(seed, setting) for seed in arguments.seeds for setting in settings
                  if (setting, seed) not in known]
        for run in pool.map(lambda pair: run_one(arguments, directory, *pair), wanted):
            found.append(run)
            print(json.dumps(run), file=file, flush=True)
    print("| setting | rounds | seeds | CPU s | Mpairs a CPU s | in-out AUC | micro/macro-F1 |\n"
          "|---|---|---|---|---|---|---|")
    for setting in settings:
        runs = [run for run in found if run["setting"] == setting
                and run["seed"] in arguments.seeds]
        cpu = process.spread([run["cpu"] for run in runs])
        rates = process.spread([1e-6 * run["pairs"] / run["cpu"] for run in runs])
        aucs = [run["auc"] for run in runs if "auc" in run]
        auc = f"{np.mean(aucs):.4f} ({min(aucs):.4f} to {max(aucs):.4f})" if aucs else ""
        scores = np.mean([run["f1"] for run in runs], axis=0) if "f1" in runs[0] else []
        scores = " ".join(f"{micro:.2f}/{macro:.2f}" for micro, macro in scores)
        print(f"| {setting} | {runs[0]['rounds']} | {len(runs)} | {cpu} | {rates} | {auc} | "
              f"{scores} |")


if __name__ == "__main__":
    sys.exit(main())
