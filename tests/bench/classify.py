#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Micro- and macro-F1 of one-vs-rest logistic regression on the rows of an embedding file.

As DeepWalk was scored (Perozzi et al., KDD 2014): a random share of the labelled vertices
trains; each of the rest gets its true number of labels, the most probable ones. Macro-F1 is
the mean over all labels, a label that is never right counting 0.
"""
import argparse
import collections
import gzip
import time
import warnings

import h5py
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer


def read_embedding(path, dataset):
    """Ids as text, and the rows."""
    with h5py.File(path, "r") as file:
        ids = file["ids"]
        names = ids.asstr()[:] if h5py.check_string_dtype(ids.dtype) else ids[:].astype(str)
        return list(names), file[dataset][:]


def read_labels(path):
    """Labels of each vertex: lines "vertex label", several lines for several labels."""
    opener = gzip.open if path.endswith(".gz") else open
    labels = collections.defaultdict(set)
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip() and line[0] not in "#%":
                vertex, label = line.split()
                labels[vertex].add(label)
    return labels


def top_labels(probabilities, counts):
    """For each row mark its counts[row] most probable columns."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[None, :], axis=1)
    return (ranks < counts[:, None]).astype(np.int8)


def score(rows, truth, fraction, seed, arguments):
    """Micro- and macro-F1 of one shuffle."""
    order = np.random.default_rng(seed).permutation(len(rows))
    split = int(fraction * len(rows))
    train, test = order[:split], order[split:]
    model = OneVsRestClassifier(LogisticRegression(solver="liblinear", C=arguments.C),
                                n_jobs=arguments.jobs)
    model.fit(rows[train], truth[train])
    counts = truth[test].sum(axis=1)
    guess = top_labels(model.predict_proba(rows[test]), counts)
    return [f1_score(truth[test], guess, average=how, zero_division=0)
            for how in ("micro", "macro")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("embedding")
    parser.add_argument("labels")
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.1, 0.5, 0.9])
    parser.add_argument("--shuffles", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the first shuffle")
    parser.add_argument("--C", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--dataset", default="embeddings")
    arguments = parser.parse_args()
    # A label without a training vertex is scored, and is no news.
    warnings.filterwarnings("ignore", message="Label not .* is present in all training")

    names, rows = read_embedding(arguments.embedding, arguments.dataset)
    labels = read_labels(arguments.labels)
    chosen = [i for i, name in enumerate(names) if name in labels]
    truth = MultiLabelBinarizer().fit_transform([labels[names[i]] for i in chosen])
    rows = rows[chosen].astype(np.float64)
    if len(chosen) == 0:
        parser.error("no vertex of the embedding has a label: do the ids agree?")
    print(f"labelled vertices: {len(chosen)} of {len(labels)} in the file")
    print(f"labels: {truth.shape[1]}")
    for fraction in arguments.fractions:
        start = time.time()
        scores = 100 * np.array([score(rows, truth, fraction, arguments.seed + i, arguments)
                                 for i in range(arguments.shuffles)])
        mean, spread = scores.mean(axis=0), scores.std(axis=0)
        print(f"micro-F1 at {fraction:g}: {mean[0]:.2f} +- {spread[0]:.2f}")
        print(f"macro-F1 at {fraction:g}: {mean[1]:.2f} +- {spread[1]:.2f}")
        print(f"seconds at {fraction:g}: {time.time() - start:.1f}", flush=True)


if __name__ == "__main__":
    main()
