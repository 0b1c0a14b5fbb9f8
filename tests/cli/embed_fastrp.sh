# SPDX-License-Identifier: MIT
# ranks: 1 3
# FastRP from the command line to the file: equal bytes for equal words, what the file, the
# report and the estimate say, scores without contexts, and training that starts from rows
exec 2>&1
program=${HALO2VEC##* }
$program convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
numbers() {
    sed -E 's/[0-9]+\.[0-9]+/N/g; s/[0-9]+ MiB/N MiB/; s/(avx2|avx512|scalar) kernel/X kernel/
            s/[0-9]+ ranks x/R ranks x/; /^sent/d'
}
fastrp() {
    $HALO2VEC embed karate.h5 --method fastrp --dim 16 --threads 1 --overwrite "$@"
}
fastrp -o rows.h5 2>&1 | numbers
fastrp -o parts.h5 --parts 4 2>&1 | numbers
same() {
    fastrp -o other.h5 -q "$@"
    cmp rows.h5 other.h5 && echo "same bytes: $*"
}
cmp rows.h5 parts.h5
same --parts 5 --partitioner hash --threads 3
same --embedding-dimension 16 --random-seed 1
same --iteration-weights '[0, 0, 1, 1, 1, 1]' --normalization-strength 0
same --sparsity 3 --unit-rows iterated --precision f32 --node-self-influence 0
$program info rows.h5 --check | grep -v -e digest -e norm -e file_bytes
fastrp -o bf16.h5 -q --precision bf16 --sparsity sqrt-n --standardize
$program info bf16.h5 | grep -e precision -e sparsity -e standardize

python3 - <<'END'
import struct
header = "{'descr': '<i4', 'fortran_order': False, 'shape': (34, 2), }"
with open("features.npy", "wb") as file:
    file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode())
    file.write(struct.pack("<68i", *(i % 5 for i in range(68))))
END
fastrp -o features.h5 -q --property features.npy --property-ratio 0.25 --report report.json
digests() { sed 's/digest: [0-9a-f]*/digest: D/'; }
$program info features.h5 | grep -e property -e unit | digests
python3 - <<'END'
import json, os
report = json.load(open("report.json"))
ranks = report["ranks"]
assert report["parameters"]["method"] == "fastrp" and report["parts"] == 0
assert report["num_vertices"] == sum(rank["num_owned"] for rank in ranks) == 34
assert report["num_arcs"] == sum(rank["num_arcs"] for rank in ranks) == 156
assert min(rank["multiply_seconds"] for rank in ranks) > 0
assert (sum(rank["num_ghosts"] for rank in ranks) > 0) == (len(ranks) > 1)
for rank in ranks:
    assert rank["rows_received"]["multiply"] == 6 * rank["num_ghosts"]
    assert rank["graph_bytes"] > rank["index_bytes"] > 0 and rank["row_bytes"] > 0
print(*(name for name, phase in report["phases"].items() if phase["wall_seconds"] > 0))
END

estimate() { $HALO2VEC embed karate.h5 --method fastrp --dim 16 --threads 1 --estimate "$@"; }
estimate --ranks 4 | sed -E 's/( +)[0-9]+\.[0-9]+/\1X/g; s/ {2,}/  /g'
estimate --ranks 2 --parts 6 | sed -n 1p | numbers
estimate --ranks 3 --json >three.json
python3 - <<'END'
import json
estimate = json.load(open("three.json"))
print(*sorted(estimate))
setting, = estimate["settings"]
print(*sorted(setting))
ranks = setting["ranks"]
assert len(ranks) == 3 and sum(rank["num_owned"] for rank in ranks) == 34
for what in "bytes", "rows":
    sent = sum(rank[what + "_sent"]["multiply"] for rank in ranks)
    assert sent == sum(rank[what + "_received"]["multiply"] for rank in ranks) > 0
END

$program evaluate split karate.h5 -o split 2>/dev/null
$program embed split/train.h5 -o train.h5 --method fastrp --dim 8 -q
$program evaluate links train.h5 split | sed -E 's/[0-9]\.[0-9]+/X/g' | grep -e dot -e in-

train() {
    $HALO2VEC embed karate.h5 -o trained.h5 --dim 16 --rounds 2 --threads 1 --parts 3 \
        --progress none --overwrite "$@" 2>&1 | grep -e started
}
train --init rows.h5
train --init trained.h5 --method node2vec --q 2
$program info trained.h5 | grep init | digests
train --init fastrp --iteration-weights 1,1 --init-length 2
$program info trained.h5 | grep -e init -e weights -e sparsity
