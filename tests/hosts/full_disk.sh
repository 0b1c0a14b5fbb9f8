#!/bin/bash
# SPDX-License-Identifier: MIT
# full_disk.sh PROGRAM DATASETS
#
# Three ranks write to a disk that is too small: an error, and nothing left behind. MPI
# libraries may lose what one of several writers is told. Needs root, for a disk of its own.
set -u
program=$1 datasets=$2
run="$(dirname "$0")/../support/mpirun.sh 3 $program"
work=$(mktemp -d)
trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/disk"
if ! mount -t tmpfs -o size=300k none "$work/disk" 2>/dev/null; then
    echo "skipped: no disk can be mounted here"
    exit 77
fi
"$program" convert "$datasets/karate.edges" -o "$work/karate.h5" 2>/dev/null || exit 1

refused() {
    if $run "$@" -q --overwrite >"$work/said" 2>&1; then
        echo "not refused: $*"
        exit 1
    fi
    grep -q 'No space left on device\|disk full' "$work/said" || {
        cat "$work/said"
        exit 1
    }
    [ -z "$(ls -A "$work/disk")" ] || {
        ls -lA "$work/disk"
        exit 1
    }
}
refused walk "$work/karate.h5" -o "$work/disk/walks.h5" --walks 200
refused walk "$work/karate.h5" -o "$work/disk/walks.txt" --walks 200
refused embed "$work/karate.h5" -o "$work/disk/rows.h5" --method fastrp --dim 4096
refused embed "$work/karate.h5" -o "$work/disk/rows.h5" --dim 2048 --walks 1 --parts 3
echo "refused four times, nothing left"
