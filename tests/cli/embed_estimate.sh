# SPDX-License-Identifier: MIT
# ranks: 1 3
# what --estimate prints, whatever ranks run, and what it refuses
exec 2>&1
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC partition karate.h5 --parts 7 -o parts.h5 >/dev/null
ls >before
embed="$HALO2VEC embed karate.h5 --threads 2"
shape() {
    sed -E 's/([0-9]+ )[0-9]+ parts \(.*/\1P parts/; s/( +)[0-9]+\.[0-9]+/\1X/g; s/ {2,}/  /g'
}
$embed --estimate --ranks 3 --rounds 40 | shape
$embed --estimate --ranks 1 | shape
embed="${HALO2VEC##* } embed karate.h5 --threads 2"
$embed --estimate --ranks 3 --rounds 20 | tail -n 1
$embed --estimate --ranks 3 --rounds 3 --dim 16 | tail -n 1
$embed --estimate --ranks 4 --json >four.json
python3 - <<'END'
import json
estimate = json.load(open("four.json"))
print(*sorted(estimate))
print(*sorted(estimate["settings"][0]))
print(*sorted(estimate["settings"][0]["ranks"][0]))
one, groups = estimate["settings"]
assert (one["parameters"]["groups"], groups["parameters"]["groups"]) == (1, 4)
assert one["parameters"]["parts"] == groups["parameters"]["parts"] == 4
assert estimate["groups"] in (1, 4) and estimate["because"] and estimate["num_ranks"] == 4
for setting in one, groups:
    ranks = setting["ranks"]
    assert len(ranks) == 4 and sum(rank["num_owned"] for rank in ranks) == 34
    assert setting["has_enough_rounds"] is True
    needed = "quality needs %d rounds" % setting["rounds_needed"]
    assert "34 vertices, 8 a part" in setting["why"]["parts"] and needed in setting["why"]["rounds"]
    for phase in "walk", "route", "pull", "push", "train":
        sent = sum(rank["bytes_sent"][phase] for rank in ranks)
        received = sum(rank["bytes_received"][phase] for rank in ranks)
        assert abs(sent - received) <= 4  # each rank's walks are rounded to bytes
        rows = sum(rank["rows_sent"][phase] for rank in ranks)
        expected = ("train",) if setting is one else ("pull", "push")
        assert (rows > 0) == (phase in expected)
END
rm four.json
refuse() {
    ${HALO2VEC##* } embed karate.h5 "$@"
    echo "exit $?"
}
refuse --estimate -o out.h5
refuse --estimate --report report.json
refuse --estimate --groups 2
refuse --estimate --ranks 0
refuse --estimate --ranks 35
refuse --estimate --ranks 3 --partition parts.h5
refuse --ranks 3 -o out.h5
refuse --json -o out.h5
refuse --groups some -o out.h5
ls | diff before - | grep -v before
exit 0
