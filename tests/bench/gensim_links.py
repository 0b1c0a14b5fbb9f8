#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Link prediction by gensim's skip-gram on uniform walks, on a split of `evaluate split`.

Walks are drawn here, with numpy, on the training graph; gensim trains one epoch over them
(skip-gram, negative sampling, no subsampling, shrinking window), and its two matrices score
the held-out pairs as `evaluate links` does: in-out is in_u.out_v, plus in_v.out_u if the graph
is undirected; dot is in_u.in_v.
"""
import argparse
import pathlib
import time

import h5py
import numpy as np
from gensim.models import Word2Vec
from sklearn.metrics import average_precision_score, roc_auc_score


def read_split(directory):
    """Offsets, targets, whether directed; the pairs of each kind."""
    with h5py.File(directory / "train.h5", "r") as file:
        if "weights" in file:
            raise SystemExit("gensim_links.py: uniform walks do not fit a weighted graph")
        graph = file["offsets"][:].astype(np.int64), file["targets"][:].astype(np.int64)
        directed = bool(file.attrs["directed"])
    with h5py.File(directory / "pairs.h5", "r") as file:
        pairs = {name: file[name][:].astype(np.int64)
                 for name in ("positives", "negatives_uniform", "negatives_degree")}
    return graph, directed, pairs


class Walks:
    """Uniform walks from every vertex, as lists of names; a dead end ends a walk early."""

    def __init__(self, offsets, targets, number, length, seed):
        generator = np.random.default_rng(seed)
        num_vertices = len(offsets) - 1
        self.names = [str(v) for v in range(num_vertices)]
        degrees = np.diff(offsets)
        self.rows = np.full((number * num_vertices, length), -1, dtype=np.int32)
        for walk in range(number):
            position = generator.permutation(num_vertices)
            rows = self.rows[walk * num_vertices:(walk + 1) * num_vertices]
            rows[:, 0] = position
            alive = np.ones(num_vertices, dtype=bool)
            for step in range(1, length):
                alive &= degrees[position] > 0
                draw = (generator.random(num_vertices) * degrees[position]).astype(np.int64)
                place = np.where(alive, offsets[position] + draw, 0)
                position = np.where(alive, targets[place], position)
                rows[:, step] = np.where(alive, position, -1)

    def visits(self):
        """How often each name stands in the walks."""
        counts = np.bincount(self.rows[self.rows >= 0], minlength=len(self.names))
        return {name: int(count) for name, count in zip(self.names, counts)}

    def __iter__(self):
        names = self.names
        for row in self.rows:
            yield [names[v] for v in row.tolist() if v >= 0]


def train(walks, arguments):
    """Both matrices, in the order of the vertices."""
    model = Word2Vec(vector_size=arguments.dim, window=arguments.window, min_count=0, sg=1,
                     hs=0, negative=arguments.negatives, sample=0, workers=arguments.workers,
                     alpha=0.025, seed=arguments.seed)
    model.build_vocab_from_freq(walks.visits())
    model.train(walks, total_examples=len(walks.rows), epochs=1)
    order = [model.wv.key_to_index[name] for name in walks.names]
    return model.wv.vectors[order], model.syn1neg[order]


def scores_of(pairs, inner, outer, directed):
    """In-out and dot of each pair."""
    u, v = pairs[:, 0], pairs[:, 1]
    in_out = np.einsum("ij,ij->i", inner[u], outer[v])
    if not directed:
        in_out += np.einsum("ij,ij->i", inner[v], outer[u])
    return {"in-out": in_out, "dot": np.einsum("ij,ij->i", inner[u], inner[v])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("split", type=pathlib.Path)
    parser.add_argument("--walks", type=int, default=10)
    parser.add_argument("--length", type=int, default=40)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--negatives", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    (offsets, targets), directed, pairs = read_split(arguments.split)
    start = time.time()
    walks = Walks(offsets, targets, arguments.walks, arguments.length, arguments.seed)
    print(f"walk seconds: {time.time() - start:.1f}", flush=True)
    start = time.time()
    inner, outer = train(walks, arguments)
    print(f"train seconds: {time.time() - start:.1f}", flush=True)

    positives = scores_of(pairs["positives"], inner, outer, directed)
    for kind in ("uniform", "degree"):
        negatives = scores_of(pairs[f"negatives_{kind}"], inner, outer, directed)
        for scorer, good in positives.items():
            scores = np.concatenate([good, negatives[scorer]])
            truth = np.repeat([1, 0], [len(good), len(negatives[scorer])])
            print(f"{scorer} ROC-AUC, {kind} negatives: {roc_auc_score(truth, scores):.5f}")
            print(f"{scorer} average precision, {kind} negatives: "
                  f"{average_precision_score(truth, scores):.5f}")


if __name__ == "__main__":
    main()
