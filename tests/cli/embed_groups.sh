# SPDX-License-Identifier: MIT
# ranks: 1 3
# groups that do not fit are refused with one line; those that do give the same bytes on any
# number of ranks; rows between groups are counted, and int8 makes them short
exec 2>&1
program=${HALO2VEC##* }
embed() {
    local run=$1 output=$2
    shift 2
    $run embed karate.h5 -o "$output" --quiet --threads 1 --rounds 16 --walks 3 "$@"
    echo "exit $?"
}
$program convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$program partition karate.h5 --parts 6 -o parts.h5 >/dev/null

embed "$HALO2VEC" output.h5 --parts 6 --groups 4
embed "$HALO2VEC" output.h5 --partition parts.h5 --groups 4
embed "$HALO2VEC" output.h5 --groups 35
for option in "--combiner median" "--exchange-precision f64" "--pool 0"; do
    embed "$program" output.h5 --parts 6 --groups 2 $option
done
ls

embed "$HALO2VEC" here.h5 --partition parts.h5 --groups 2 --combiner adasum --pool 9
embed "$program" one.h5 --partition parts.h5 --groups 2 --combiner adasum --pool 9
cmp here.h5 one.h5 && echo "same bytes"
for combiner in saturating projection adasum sum average; do
    embed "$program" one.h5 --overwrite --groups 3 --combiner $combiner
    $program info one.h5 | grep -E '^(groups|parts|parameters\.(combiner|groups|exchange.*)):'
done
for precision in f32 int8; do
    embed "$HALO2VEC" $precision.h5 --parts 6 --groups 6 --exchange-precision $precision \
        --report $precision.json
done
python3 - <<'END'
import json, os

def total(name, key, phase):
    with open(name + ".json") as file:
        return sum(rank[key][phase] for rank in json.load(file)["ranks"])

ranks = int(os.environ["RANKS"])
rows = {name: total(name, "rows_sent", "pull") for name in ("f32", "int8")}
assert rows["f32"] == rows["int8"] and (rows["f32"] > 0) == (ranks > 1), rows
for phase in "pull", "push":
    f32, int8 = (total(name, "bytes_sent", phase) for name in ("f32", "int8"))
    assert ranks == 1 or f32 > 3.4 * int8 > 0, (phase, f32, int8)
for name in rows:
    assert total(name, "rows_sent", "train") == 0  # a group for each part: no block travels
    for phase in "pull", "push":
        for what in "rows", "bytes":
            sent = total(name, what + "_sent", phase)
            assert sent == total(name, what + "_received", phase)
END
