#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh [--update] PROGRAM RANKS SCRIPT...
#
# Run each SCRIPT in an empty directory and compare what it wrote and its exit code with
# SCRIPT's .stdout, .stderr and .exit (0 if there is none). The script sees
#   $HALO2VEC  the program, under mpirun if RANKS is above 1
#   $DATASETS  the project's datasets; in outputs its path reads DATASETS
# and the directory's own path reads HERE. --update writes the files instead.
set -u
update=no
if [ "$1" = --update ]; then
    update=yes
    shift
fi
program=$(realpath "$1")
ranks=$2
shift 2
root=$(realpath "$(dirname "$0")/../..")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run_script() {
    local script=$1
    rm -rf "$work/here" && mkdir "$work/here"
    export DATASETS=$root/datasets HALO2VEC=$program RANKS=$ranks
    [ "$ranks" -gt 1 ] && HALO2VEC="$root/tests/support/mpirun.sh $ranks $program"
    (cd "$work/here" && exec bash -u "$script") \
        </dev/null >"$work/raw.stdout" 2>"$work/raw.stderr"
    echo $? >"$work/exit"
    for stream in stdout stderr; do
        sed -e "s|$DATASETS|DATASETS|g" -e "s|$work/here|HERE|g" \
            "$work/raw.$stream" >"$work/$stream"
    done
}

write_expected() {
    local base=$1
    for part in stdout stderr; do
        [ -s "$work/$part" ] || [ -e "$base.$part" ] && cp "$work/$part" "$base.$part"
    done
    rm -f "$base.exit"
    [ "$(cat "$work/exit")" = 0 ] || cp "$work/exit" "$base.exit"
}

# Whether the run is as expected; shows what differs.
compare() {
    local base=$1 part outcome=0
    for part in stdout stderr; do
        [ -e "$base.$part" ] || continue
        diff -u --label "expected $part" "$base.$part" --label "$part" "$work/$part" ||
            outcome=1
    done
    local expected=0
    [ -e "$base.exit" ] && expected=$(cat "$base.exit")
    if [ "$(cat "$work/exit")" != "$expected" ]; then
        echo "exit code $(cat "$work/exit"), expected $expected; standard error was:"
        cat "$work/stderr"
        outcome=1
    fi
    return $outcome
}

outcome=0
for script in "$@"; do
    script=$(realpath "$script")
    run_script "$script"
    if [ $update = yes ]; then
        write_expected "${script%.sh}"
    else
        compare "${script%.sh}" || outcome=1
    fi
done
exit $outcome
