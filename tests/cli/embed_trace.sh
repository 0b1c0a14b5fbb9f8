# SPDX-License-Identifier: MIT
# ranks: 1 3
# the trace: its lines are an interface, and add up to the report
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
embed() {
    $HALO2VEC embed karate.h5 -o out.h5 --quiet --threads 2 --parts 4 --rounds 16 "$@" 2>&1
    echo "exit $?"
}
embed --report report.json --trace trace.jsonl
embed --report other.json --trace trace.jsonl --overwrite
mv out.h5 traced.h5
embed --trace trace.jsonl
embed --trace out.h5
embed --trace no/such/trace.jsonl
embed
cmp out.h5 traced.h5
ls
python3 - <<'END'
import json, os
ranks = range(int(os.environ["RANKS"]))
report = json.load(open("other.json"))["ranks"]
lines = [json.loads(line) for line in open("trace.jsonl")]
head = lines.pop(0)
print(head | {"num_ranks": 0, "first_parts": 0})
assert head["num_ranks"] == len(ranks) == len(head["first_parts"]) - 1
assert head["first_parts"][0] == 0 and head["first_parts"][-1] == 4
assert [line["round"] for line in lines] == sorted(line["round"] for line in lines)
stages = [line for line in lines if "is_exchange" in line]
matrices = [line for line in lines if "bytes" in line]
blocks = [line["block_bytes"] for line in lines if "block_bytes" in line]
cells = [line for line in lines if "part" in line]
assert len(lines) == len(stages) + len(matrices) + len(blocks) + len(cells)
assert len(blocks) == 16 and len(cells) == 16 * 4

def near(sum_of_trace, of_report):
    return abs(sum_of_trace - of_report) < 1e-4 * of_report

assert [stage["round"] for stage in stages if stage["phase"] == "train"] == list(range(16))
for phase in ("walk", "route"):
    own = [stage for stage in stages if stage["phase"] == phase]
    assert all(stage["serial_seconds"][r] <= stage["seconds"][r] for stage in own for r in ranks)
    for r in ranks:
        assert near(sum(stage["seconds"][r] for stage in own), report[r][phase + "_seconds"])
        for way in ("sent", "received"):
            assert sum(stage["bytes_" + way][r] for stage in own) == report[r]["bytes_" + way][phase]
        assert sum(sum(line["bytes"][r]) for line in matrices
                   if line["phase"] == phase) == report[r]["bytes_sent"][phase]
        assert sum(line["bytes"][s][r] for line in matrices for s in ranks
                   if line["phase"] == phase) == report[r]["bytes_received"][phase]
for r in ranks:
    own = [cell for cell in cells
           if head["first_parts"][r] <= cell["part"] < head["first_parts"][r + 1]]
    assert near(sum(sum(cell["seconds"]) for cell in own), report[r]["cell_seconds"])
    assert sum(sum(cell["num_pairs"]) for cell in own) == report[r]["num_pairs"]
    if len(ranks) > 1:  # every block leaves every rank once a rotation
        assert sum(map(sum, blocks)) == report[r]["bytes_sent"]["train"]
END
