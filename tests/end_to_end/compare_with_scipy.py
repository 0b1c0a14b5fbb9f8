#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recompute the rows of `embed --method fastrp` with numpy and scipy, in double.

compare_with_scipy.py GRAPH.h5 EMBEDDING.h5 [--property P.npy] [--tolerance 1e-5]

Parameters are those that the embedding records, and random numbers come from the same
counters; all else is the formula in include/halo2vec/fastrp.h. Prints the largest difference
between two numbers, relative to the largest magnitude in their row. Exit code 0 if it is within
the tolerance, 1 if not, 77 if a Python package is missing.
"""
import argparse
import json
import sys

try:
    import h5py
    import numpy as np
    import scipy.sparse as sp
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

FOR_PROJECTION, FOR_PROPERTY = 16, 17  # src/base/random.h


def philox(seed, purpose, rows, blocks):
    """Philox4x32-10 of counters (block, 0, row, purpose): 4 words each, rows x 4 blocks."""
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    row, block = np.meshgrid(np.arange(rows, dtype="u8"), np.arange(blocks, dtype="u8"),
                             indexing="ij")
    words = [block, np.zeros_like(row), row, np.full_like(row, purpose << 24)]
    keys = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        first, second = words[0] * np.uint64(0xD2511F53), words[2] * np.uint64(0xCD9E8D57)
        words = [(second >> shift) ^ words[1] ^ np.uint64(keys[0]), second & low,
                 (first >> shift) ^ words[3] ^ np.uint64(keys[1]), first & low]
        keys = [(keys[0] + 0x9E3779B9) & 0xFFFFFFFF, (keys[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(words, axis=-1).reshape(rows, -1)


def draw(seed, purpose, rows, columns, sparsity):
    """1, -1 or 0: the first two with probability 1 / 2s each."""
    words = philox(seed, purpose, rows, -(-columns // 4))[:, :columns]
    share = np.floor(2**32 / (2 * sparsity) + 0.5)
    return (words < share) * 1.0 - (words >= 2**32 - share)


def unit(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def start(degrees, properties, p):
    """N_0."""
    n, dim, seed = len(degrees), p["dim"], int(p["seed"])
    sparsity = p["sparsity"] or max(np.sqrt(n), 1)
    degrees = np.where(degrees > 0, degrees, 1)[:, None]
    beta = p["normalization_strength"]
    if properties is None:
        signs = draw(seed, FOR_PROJECTION, n, dim, sparsity)
        return (degrees / p["total"]) ** beta * np.sqrt(sparsity) * signs
    width = int(dim * p["property_ratio"])
    signs = draw(seed, FOR_PROJECTION, n, dim - width, sparsity)
    chosen = draw(seed, FOR_PROPERTY, properties.shape[1], width, sparsity)
    return np.hstack([degrees**beta * np.sqrt(sparsity / (dim - width)) * signs,
                      properties @ chosen * np.sqrt(sparsity / width)])


def fastrp(adjacency, properties, p):
    """The sum of the weighted powers."""
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    p["total"] = degrees.sum() or 1
    inverse = np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    transition = sp.diags(inverse) @ adjacency
    added = unit if p["unit_rows"] != "none" else lambda x: x
    rows = start(degrees, properties, p)
    total = p["node_self_influence"] * added(rows)
    for weight in p["iteration_weights"]:
        rows = transition @ rows
        rows = unit(rows) if p["unit_rows"] == "iterated" else rows
        total += weight * added(rows)
    if p["standardize"]:
        total -= total.mean(axis=0)
        deviations = total.std(axis=0)
        total /= np.where(deviations > 0, deviations, 1)
    return total


def read_graph(path):
    with h5py.File(path) as file:
        offsets, targets = file["offsets"][:].astype("i8"), file["targets"][:].astype("i8")
        weights = file["weights"][:] if "weights" in file else np.ones(len(targets))
    shape = (len(offsets) - 1, len(offsets) - 1)
    return sp.csr_matrix((weights.astype("f8"), targets, offsets), shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph")
    parser.add_argument("embedding")
    parser.add_argument("--property")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    options = parser.parse_args()
    properties = np.load(options.property).astype("f8") if options.property else None
    with h5py.File(options.embedding) as file:
        found, parameters = file["embeddings"][:], json.loads(file.attrs["parameters"])
    expected = fastrp(read_graph(options.graph), properties, parameters)
    largest = np.abs(expected).max(axis=1, keepdims=True)
    difference = np.abs(found - expected).max(axis=1, keepdims=True)
    relative = np.divide(difference, largest, out=difference.copy(), where=largest > 0)
    print(f"{found.shape[0]} rows, largest {largest.max():.3g}, differ by {relative.max():.1e}")
    return 0 if relative.max() <= options.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
