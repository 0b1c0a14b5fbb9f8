# SPDX-License-Identifier: MIT
"""A command as a whole process: what it printed, took and held. The standard library alone: a
process counts as large as the one that started it was, so that one has to be small."""
import collections
import os
import statistics
import subprocess
import sys
import tempfile
import time

Usage = collections.namedtuple("Usage", "text wall cpu megabytes")


def run(command):
    """Seconds of the wall and of the CPU (user and system, children too), and the peak of the
    largest process. Ends all if the command fails."""
    words = [str(word) for word in command]
    environment = dict(os.environ, OMP_WAIT_POLICY="passive", OMPI_ALLOW_RUN_AS_ROOT="1",
                       OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        start = time.perf_counter()
        with subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT,
                              env=environment) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{text}{' '.join(words)}\nended with {process.returncode}")
    return Usage(text, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def spread(values, digits=2):
    """Median, least and greatest."""
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f} to {max(values):.{digits}f})")
