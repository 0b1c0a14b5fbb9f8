#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recompute the scores and metrics of `evaluate links` with numpy and scikit-learn.

compare_with_sklearn.py PROGRAM EDGES [--directed]     split EDGES, embed by chance, compare
compare_with_sklearn.py PROGRAM --of EMBEDDING SPLIT   compare on these

ROC-AUC and average precision of the dumped scores, and of in-out, dot and cosine computed
here from the embedding itself, must agree to 1e-6. Exit code 0 if they do, 1 if not, 77 if a
Python package is missing.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    from sklearn.metrics import average_precision_score, roc_auc_score
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-6
NEGATIVES = ("uniform", "degree")


def embed_by_chance(split, path):
    """Rows of small whole numbers for the split's training graph: many scores tie, and no sum
    depends on its order."""
    random = np.random.default_rng(7)
    with h5py.File(os.path.join(split, "train.h5")) as graph, h5py.File(path, "w") as file:
        shape = (graph.attrs["num_vertices"], 5)
        file["embeddings"] = random.integers(-2, 3, shape).astype("f4")
        file["contexts"] = random.integers(-2, 3, shape).astype("f4")
        graph.copy("ids", file)
        file.attrs["format"] = "halo2vec-embedding"
        file.attrs["format_version"] = np.int64(1)
        file.attrs["directed"] = graph.attrs["directed"]
        file.attrs["digest"] = graph.attrs["digest"]


def make_case(program, edges, directed, directory):
    graph, split = os.path.join(directory, "graph.h5"), os.path.join(directory, "split")
    embedding = os.path.join(directory, "embedding.h5")
    flags = ["--directed"] if directed else []
    subprocess.run([program, "convert", edges, "-o", graph, *flags], check=True)
    subprocess.run([program, "evaluate", "split", graph, "--seed", "7", "-o", split], check=True)
    embed_by_chance(split, embedding)
    return embedding, split


def scores_from_rows(embedding, split):
    """{scorer: {negatives: scores}}, positives first, by the definitions in evaluate.h."""
    with h5py.File(embedding) as file:
        rows = file["embeddings"][:].astype("f8")
        contexts = file["contexts"][:].astype("f8") if "contexts" in file else None
    norms = np.linalg.norm(rows, axis=1)
    all_scores = {"dot": {}, "cosine": {}}
    if contexts is not None:
        all_scores["in-out"] = {}
    with h5py.File(os.path.join(split, "pairs.h5")) as file:
        directed = file.attrs["directed"] != 0
        for kind in NEGATIVES:
            pairs = np.concatenate([file["positives"], file["negatives_" + kind]])
            u, v = pairs[:, 0], pairs[:, 1]
            dot = np.einsum("ij,ij->i", rows[u], rows[v])
            scale = norms[u] * norms[v]
            all_scores["dot"][kind] = dot
            all_scores["cosine"][kind] = np.divide(
                dot, scale, out=np.zeros_like(dot), where=scale > 0)
            if contexts is not None:
                there = np.einsum("ij,ij->i", rows[u], contexts[v])
                back = np.einsum("ij,ij->i", rows[v], contexts[u])
                all_scores["in-out"][kind] = there if directed else there + back
    return all_scores


def measure(labels, scores):
    return {"roc_auc": roc_auc_score(labels, scores),
            "average_precision": average_precision_score(labels, scores)}


def compare(program, embedding, split, directory):
    """Print a line for each scorer, negatives and source of scores; return the number of
    disagreements."""
    dump = os.path.join(directory, "scores.h5")
    result = subprocess.run(
        [program, "evaluate", "links", embedding, split, "--json", "--scores", dump],
        check=True, stdout=subprocess.PIPE)
    ours = json.loads(result.stdout)["scores"]
    recomputed = scores_from_rows(embedding, split)
    failures = 0
    with h5py.File(dump) as file:
        labels = file["labels"][:]
        for scorer, by_kind in ours.items():
            for kind in NEGATIVES if by_kind else ():
                sources = {"dump": file[f"{scorer}_{kind}"][:]}
                if scorer in recomputed:
                    sources["rows"] = recomputed[scorer][kind]
                for source, scores in sources.items():
                    theirs = measure(labels, scores)
                    error = max(abs(theirs[m] - by_kind[kind][m]) for m in theirs)
                    failures += not error <= TOLERANCE
                    print(f"{scorer:9} {kind:8} {source:5} ROC-AUC {theirs['roc_auc']:.6f} "
                          f"AP {theirs['average_precision']:.6f} differs by {error:.1e}")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("edges", nargs="?")
    parser.add_argument("--directed", action="store_true")
    parser.add_argument("--of", nargs=2, metavar=("EMBEDDING", "SPLIT"))
    options = parser.parse_args()
    if bool(options.edges) == bool(options.of):
        parser.error("name EDGES, or --of EMBEDDING SPLIT")
    with tempfile.TemporaryDirectory() as directory:
        case = options.of or make_case(options.program, options.edges, options.directed, directory)
        failures = compare(options.program, *case, directory)
    print(f"{failures} disagreements" if failures else "all agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
