#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Embed on four hosts that talk over TCP, and lose one of them.

embed_on_hosts.py CHECK PROGRAM DATASETS [EMBED_OPTION...], with these options added to its own:
  bytes, slow           the bytes are those of one host, and the interfaces moved what --report
                        says; slow: at 100 Mbit/s
  kill, kill_writer     one rank is killed, or rank 0, whose temporary file it is
  cut, cut_unnoticed    one host's link is cut; Open MPI's daemons notice first, or the ranks do
After a loss the whole job must end, say what it waited for, and leave no file. Exits with 77,
saying why, where it may not make hosts.
"""
import contextlib
import hashlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import hosts as network  # noqa: E402

SKIPPED = 77
NUM_HOSTS = 4
RANK = network.AGENT.parent / "rank.sh"
SLOW_MEGABITS = 100
TOLERANCE = .1  # TCP/IP headers, acknowledgments and MPI's envelopes; rows on their way to a file
DEADLINE = 60  # seconds, for the end after a loss
TRAINING = ["--dim", "32", "--walks", "2", "--walk-length", "20", "--parts", "16",
            "--threads", "1", "--no-contexts", "--quiet"]
SHORT = ["--rounds", "32"]
ENDLESS = ["--epochs", "1000", "--rounds", "64000"]
GAVE_UP, WAS_ENDED = "waited", "was terminated when it had waited"
LAST_WORDS = re.compile(rf"halo2vec: rank \d+ \(host h(\d+)\) ({GAVE_UP}|{WAS_ENDED}) "
                        r"\d+ s for \S.*")


class Failed(Exception):
    """What was to be shown does not hold."""


def require(holds, text):
    if not holds:
        raise Failed(text)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Job:
    """What to embed with, where."""

    def __init__(self, program, datasets, options, work):
        self.program, self.options, self.work = program, options, work
        self.graph, self.output = work / "graph.h5", work / "embedding.h5"
        self.report = work / "report.json"
        subprocess.run([program, "convert", "--directed",
                        datasets / "debian-packages.edges.gz", "-o", self.graph],
                       check=True, capture_output=True)

    def words(self, output, *more):
        return [self.program, "embed", self.graph, "-o", output, *TRAINING, *more,
                *self.options]

    def leftovers(self):
        return sorted(path.name for path in self.work.glob(f"{self.output.name}*"))


def show_bytes(report, before, after):
    """Compare what each host's interface moved with what its rank says it did."""
    furthest = 0
    for rank, own in enumerate(report["ranks"]):
        line = f"host h{rank + 1}:"
        for direction, name in enumerate(("sent", "received")):
            told = sum(own[f"bytes_{name}"].values())
            seen = after[rank][direction] - before[rank][direction]
            require(told > 30e6, f"only {told} bytes {name}: too few to compare")
            line += f" {name} {told / 1e6:.1f} MB, seen {seen / 1e6:.1f} MB" \
                    f" ({100 * (seen / told - 1):+.1f} %)"
            furthest = max(furthest, abs(seen / told - 1))
        print(line)
    require(furthest <= TOLERANCE, "interfaces and report differ by more than 10 %")


def check_bytes(job, megabits):
    """Embed on all hosts: the file of one host, and the traffic of the report."""
    single = job.work / "single.h5"
    subprocess.run(job.words(single, *SHORT), check=True)
    with network.Hosts(NUM_HOSTS, job.work) as hosts:
        if megabits:
            hosts.limit(megabits)
        before = [hosts.bytes_moved(number) for number in hosts.numbers]
        start = time.monotonic()
        run = hosts.mpirun(job.words(job.output, *SHORT, "--report", job.report))
        require(run.wait() == 0, f"mpirun ended with {run.returncode}")
        seconds = time.monotonic() - start
        after = [hosts.bytes_moved(number) for number in hosts.numbers]
    require(digest(job.output) == digest(single), "the bytes are not those of one host")
    print(f"{NUM_HOSTS} hosts, {seconds:.1f} s; sha256 {digest(single)[:16]}..., as on one host")
    show_bytes(json.loads(job.report.read_text()), before, after)
    if megabits:
        sent = max(host[0] - start[0] for host, start in zip(after, before))
        require(seconds > .9 * sent * 8 / (megabits * 1e6), "faster than the link")


def kill_rank(hosts, number):
    for name in ("rank.sh", "halo2vec"):
        for pid in hosts.processes(number, name):
            network.end(pid)


def read(path):
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""


def cut_link(hosts, number):
    hosts.cut(number)


def cut_link_silently(hosts, number):
    """So that the ranks notice before Open MPI's daemons do."""
    hosts.forget_lost_data_soon()
    hosts.cut(number)


def lose(job, victim, act, comm_timeout, words):
    """Start, lose a host in mid-training, and see how all ends and what is said."""
    with network.Hosts(NUM_HOSTS, job.work) as hosts:
        run = hosts.mpirun([RANK, *job.words(job.output, *ENDLESS, "--comm-timeout",
                                             comm_timeout)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        begun = network.wait_until(
            lambda: run.poll() is not None or hosts.bytes_moved(victim)[0] > 60e6, 60)
        require(begun and run.poll() is None, "training did not begin")
        require(job.leftovers(), "there is no temporary before")

        act(hosts, victim)
        start = time.monotonic()
        ends = {}

        def has_ended():
            alive = {"mpirun"} if run.poll() is None else set()
            for number in hosts.numbers:
                for name in ("halo2vec", "orted"):
                    if hosts.processes(number, name):
                        alive.add(f"{name} on h{number}")
            for name in alive:
                ends[name] = time.monotonic() - start
            return not any(name == "mpirun" or name.startswith("halo2vec") for name in alive)

        over = network.wait_until(has_ended, DEADLINE)
        print("ended after: " + ", ".join(f"{name} {seconds:.1f} s"
                                             for name, seconds in sorted(ends.items())))
        require(over, f"not over after {DEADLINE} s")
        check_ending(job, hosts, run.returncode, words)


def check_ending(job, hosts, code, words):
    """A rank that is left says these words; none ends well; nothing stays behind."""
    said = set()
    for number in hosts.numbers:
        lines = [line for line in read(job.work / f"h{number}" / "stderr").splitlines()
                 if line.startswith("halo2vec")]
        ended = read(job.work / f"h{number}" / "exit").strip() or "killed"
        print(f"h{number} ended with {ended}: {'; '.join(lines) or 'silent'}")
        require(ended != "0", f"rank {number - 1} says that all is well")
        said |= {match[2] for match in map(LAST_WORDS.fullmatch, lines) if match}
    print(f"mpirun ended with {code}; left behind: {', '.join(job.leftovers()) or 'nothing'}")
    require(code != 0, "mpirun says that all is well")
    require(words in said, f"no rank says that it {words} for something")
    require(not job.leftovers(), "a file is left")


CHECKS = {
    "bytes": lambda job: check_bytes(job, None),
    "slow": lambda job: check_bytes(job, SLOW_MEGABITS),
    "kill": lambda job: lose(job, 3, kill_rank, 20, WAS_ENDED),
    "kill_writer": lambda job: lose(job, 1, kill_rank, 20, WAS_ENDED),
    "cut": lambda job: lose(job, 3, cut_link, 45, WAS_ENDED),
    "cut_unnoticed": lambda job: lose(job, 3, cut_link_silently, 10, GAVE_UP),
}


def stop(*_):
    """As if by Ctrl-C: hosts are removed on the way out."""
    raise KeyboardInterrupt


def main(check, program, datasets, *options):
    signal.signal(signal.SIGTERM, stop)
    program, datasets = pathlib.Path(program).resolve(), pathlib.Path(datasets).resolve()
    with tempfile.TemporaryDirectory(prefix="halo2vec-hosts-") as work:
        try:
            with network.Hosts(1, pathlib.Path(work)) as hosts:
                hosts.limit(SLOW_MEGABITS)
        except network.NotPermitted as reason:
            print(f"skipped: no hosts can be made here: {reason}")
            return SKIPPED
        try:
            CHECKS[check](Job(program, datasets, options, pathlib.Path(work)))
        except Failed as failure:
            print(f"FAILED: {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
