# SPDX-License-Identifier: MIT
# ranks: 1 3
# the trace: its lines are an interface, and add up to the report
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
embed() {
    $HALO2VEC embed karate.h5 -o out.h5 --quiet --threads 2 --parts 4 --rounds 16 "$@" 2>&1
    echo "exit $?"
}
embed --report first.json --trace one.jsonl
embed --report one.json --trace one.jsonl --overwrite
mv out.h5 traced.h5
embed --trace one.jsonl
embed --trace out.h5
embed --trace no/such/trace.jsonl
embed
cmp out.h5 traced.h5
embed --groups 2 --exchange-precision f16 --overwrite --report two.json --trace two.jsonl
ls
python3 -B - <<'END'
import json, os, sys
sys.path.append(os.environ["DATASETS"] + "/../tests/bench")
from replay import PHASES, Replay, Trace

num_ranks = int(os.environ["RANKS"])

def by_rank(report, key, phase=None):
    return [rank[key][phase] if phase else rank[key] for rank in report]

def near(of_trace, of_report):
    return all(abs(a - b) <= 1e-4 * b for a, b in zip(of_trace, of_report, strict=True))

def check_seconds(trace, report):
    for stage in sum(trace.stages, []):
        for serial, seconds in zip(stage["serial_seconds"], stage["seconds"], strict=True):
            assert 0 <= serial <= seconds
    assert near(trace.stage_seconds("walk"), by_rank(report, "walk_seconds"))
    assert near(trace.stage_seconds("route"), by_rank(report, "route_seconds"))
    assert near(trace.cell_seconds(), by_rank(report, "cell_seconds"))

def check_bytes(trace, report):
    for phase in PHASES:
        assert trace.sent(phase) == by_rank(report, "bytes_sent", phase), phase
        if phase == "train":
            continue
        stages = [stage for stage in sum(trace.stages, []) if stage["phase"] == phase]
        for way in ("bytes_sent", "bytes_received"):
            totals = [sum(stage[way][r] for stage in stages) for r in range(num_ranks)]
            assert totals == by_rank(report, way, phase), (phase, way)
        matrices = [matrices[phase] for matrices in trace.bytes if phase in matrices]
        totals = [sum(sum(row[r] for row in matrix) for matrix in matrices)
                  for r in range(num_ranks)]
        assert totals == by_rank(report, "bytes_received", phase), phase

def check_pairs(lines, first_parts, report):
    pairs = [0] * num_ranks
    for line in lines:
        for rank in range(num_ranks):
            if first_parts[rank] <= line.get("part", -1) < first_parts[rank + 1]:
                pairs[rank] += sum(line["num_pairs"])
    assert pairs == by_rank(report, "num_pairs")

def check(report, lines):
    head, *others = map(json.loads, lines)
    print(head | {"num_ranks": 0, "first_parts": 0})
    assert head["num_ranks"] == num_ranks
    rounds = [line["round"] for line in others]
    assert rounds == sorted(rounds) and set(rounds) == set(range(16))
    trace = Trace(iter(lines))
    check_seconds(trace, report)
    check_bytes(trace, report)
    check_pairs(others, head["first_parts"], report)
    replays = [Replay(trace, gigabits) for gigabits in (.01, 1, 1000)]
    walls = [replay.wall for replay in replays]
    assert walls == sorted(walls, reverse=True)
    assert all(0 < replay.idle_share() < 1 for replay in replays)

for name in "one", "two":
    with open(name + ".json") as report, open(name + ".jsonl") as trace:
        check(json.load(report)["ranks"], trace.readlines())
END
