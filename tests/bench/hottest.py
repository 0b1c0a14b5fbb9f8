# SPDX-License-Identifier: MIT
"""Which functions a command spends its time in, by phase, as perf samples it.

The phase of a sample is told by the outermost of its callers that is known here. Callers are
found without frame pointers (DWARF); what other threads do has no caller before the thread, so
that one thread tells most.
"""
import collections
import re
import shutil
import subprocess

import process

CALLERS = {
    "start and end of MPI": "PMPI_(Init_thread|Finalize)|ompi_mpi_finalize|_dl_start|exit",
    "read": "read_batch|h2vi_segment_.*|h2vi_id_table_.*",
    "rows": "h2vi_edge_.*|h2vi_mirror_create",
    "load": "h2v_graph_load",
    "trial": "h2v_embed_count_visits|h2vi_walk_count_visits",
    "partition": "h2v_partition_create",
    "migrate": "h2vi_migrate",
    "init": "h2vi_model_init|h2vi_start_model",
    "multiply": "h2vi_fastrp",
    "walk": "h2vi_walk|h2vi_starts_collect|collect_starts",
    "route": "h2vi_route",
    "pull": "h2vi_pull",
    "train": "h2vi_rotate",
    "push": "h2vi_push_begin|h2vi_push_end",
    "write": "h2vi_write_.*|h2vi_embedding_.*|h2vi_graph_write.*|h2vi_graph_read_ids|take_step",
}
KNOWN = [(phase, re.compile(f"({pattern})(\\..*)?$")) for phase, pattern in CALLERS.items()]


def phase_of(functions):
    """Of a sample: functions from the innermost to the outermost."""
    for function in reversed(functions):
        for phase, pattern in KNOWN:
            if pattern.match(function):
                return phase
    return "other"


def samples_of(script, command):
    """Functions of each sample of a command, from `perf script -F comm,ip,sym`."""
    for sample in script.split("\n\n"):
        name, *lines = sample.strip("\n").split("\n")
        if name.strip() == command[:15]:
            yield [line.split(None, 1)[1].strip() for line in lines if len(line.split()) > 1]


def count(script, command):
    """Samples by phase and innermost function."""
    found = collections.defaultdict(collections.Counter)
    for functions in samples_of(script, command):
        if functions:
            found[phase_of(functions)][functions[0]] += 1
    return found


def record(command, directory):
    """Sample a command that runs on this process's rank alone; None without perf."""
    if not shutil.which("perf"):
        return None
    data = f"{directory}/perf.data"
    process.run(["perf", "record", "--quiet", "--freq", 499, "--call-graph", "dwarf,8192",
                 "--output", data, *command])
    script = subprocess.run(["perf", "script", "--input", data, "--no-inline", "--fields",
                             "comm,ip,sym"], check=True, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout
    return count(script, str(command[0]).rsplit("/", maxsplit=1)[-1])


def show(label, found):
    """Phases of a hundredth of all samples or more, and their ten hottest functions, without
    those of less than a thousandth."""
    everything = sum(sum(functions.values()) for functions in found.values())
    print(f"\n{label}: {everything} samples")
    for phase, functions in sorted(found.items(), key=lambda item: -sum(item[1].values())):
        share = 100 * sum(functions.values()) / everything
        if share >= 1:
            print(f"{share:5.1f} % {phase}")
            for function, hits in functions.most_common(10):
                if 1000 * hits >= everything:
                    print(f"    {100 * hits / everything:5.1f} % {function}")
