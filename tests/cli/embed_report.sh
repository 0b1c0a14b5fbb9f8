# SPDX-License-Identifier: MIT
# ranks: 1 3
# the report's keys are an interface: all of them, the type of each, and what must add up
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC embed karate.h5 -o out.h5 --quiet --threads 2 --parts 3 --report report.json
echo "exit $?"
python3 - <<'END'
import json, os
report = json.load(open("report.json"))
ranks = report["ranks"]

def show(path, value):
    if isinstance(value, dict):
        for key in sorted(value):
            show(path + "." + key if path else key, value[key])
    elif isinstance(value, list):
        show(path + "[]", value[0])
    else:
        print(path, type(value).__name__)

show("", report)
assert report["num_ranks"] == len(ranks) == int(os.environ["RANKS"])
assert report["num_threads"] == 2 and report["parameters"]["parts"] == 3
assert (report["graph"], report["output"]) == ("karate.h5", "out.h5")
assert report["num_vertices"] == sum(rank["num_owned"] for rank in ranks) == 34
assert report["num_arcs"] == sum(rank["num_arcs"] for rank in ranks) == 156
assert report["num_pairs"] == sum(rank["num_pairs"] for rank in ranks) > 100000
assert report["partition"]["num_edges"] == 78 > report["partition"]["edge_cut"] > 0
seconds = sum(phase["wall_seconds"] for phase in report["phases"].values())
assert 0 < seconds < 3 * report["seconds"]
for work, phase in (("walk", "walk"), ("route", "route"), ("cell", "train")):
    inside = [rank[work + "_seconds"] for rank in ranks]
    assert min(inside) > 0 and sum(inside) < report["phases"][phase]["cpu_seconds"]
costs, pairs = report["ns_per_pair"], report["num_pairs"]
for cost, work in (("walk", "walk"), ("route", "route"), ("cells", "cell")):
    seconds = sum(rank[work + "_seconds"] for rank in ranks)
    assert abs(costs[cost] * pairs / 1e9 - seconds) <= 1e-6 * seconds
threads = report["num_threads"] * len(ranks)
wall, busy = report["phases"]["train"]["wall_seconds"], costs["cells"] * pairs / 1e9
idle = costs["idle"] * pairs / 1e9
assert 0 <= idle <= threads * wall - busy + 1e-6 * threads * wall  # wall is the slowest's
assert len(ranks) > 1 or idle >= threads * wall - busy - 1e-6 * threads * wall
for phase in report["phases"]:
    for what in ("bytes", "rows"):
        sent = sum(rank[what + "_sent"][phase] for rank in ranks)
        assert sent == sum(rank[what + "_received"][phase] for rank in ranks)
        if what == "bytes" and phase in ("migrate", "route", "train"):
            assert (sent > 0) == (len(ranks) > 1)
        assert phase != "walk" or sent == 0  # small graphs are copied to all ranks before
END
$HALO2VEC embed karate.h5 -o other.h5 --quiet --threads 2 --parts 3 --report no/such/report.json
echo "exit $?"
$HALO2VEC embed missing.h5 -o new.h5 --quiet --report missing.json 2>/dev/null
echo "exit $?"
ls
