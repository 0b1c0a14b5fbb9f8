#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replay a trace of `embed --trace` on hosts and a network that are not there.

A trace has the CPU seconds of every cell and of the work before every exchange, and the bytes
from rank to rank. The replay puts them in the order that the program obeys and counts time:

  Hosts       each has N ranks (--ranks-per-host), a core of its own for every thread of them,
              and one network interface that sends and receives at once, each way at the full
              bandwidth. Nothing is lost between interfaces; ranks of one host exchange at once.
  Work        takes the CPU seconds that it took when it was traced. Work before an exchange is
              divided evenly among a rank's threads, except for what was seen to be serial.
              Ranks that shared caches and cores when they were traced will do better alone.
  Exchanges   begin when the last rank has come: counts and the status are agreed on in
              2 log2(ranks) latencies. They end for all when the last message has arrived,
              a latency later. Where only an agreement follows, it takes log2(ranks).
  Push        bytes travel while the next round walks; they keep the interface busy, in the
              order in which they were sent. A rank combines once all that it gets is there.
  Blocks      pass as in src/train/rotate.c: a part takes blocks in the order of the ring, a
              thread the part that has been ready for longest. Messages move without a core's
              help, but only a rank's main thread posts and notices them, between its own
              cells; one send and one receive at a time for each group on the rank, and two
              buffers to spare.
  Not counted what the processor does for the network, packing of blocks, reading, partitioning,
              moving and writing: training alone, from the first walk to the last change.
"""
import argparse
import collections
import heapq
import json
import math

BANDWIDTHS = (1, 10, 100)  # Gbit/s
LATENCY = 30e-6
PHASES = ("walk", "route", "pull", "train", "push")


class Trace:
    """What the file holds, by round."""

    def __init__(self, lines):
        head = json.loads(next(lines))
        if head.get("trace") != 1:
            raise SystemExit("replay.py: not a trace of embed")
        self.num_ranks, self.num_threads = head["num_ranks"], head["num_threads"]
        self.num_parts, self.num_groups = head["num_parts"], head["num_groups"]
        self.num_rounds, self.first_parts = head["num_rounds"], head["first_parts"]
        self.stages = [[] for _ in range(self.num_rounds)]
        self.bytes = [{} for _ in range(self.num_rounds)]
        self.block_bytes = [None] * self.num_rounds
        self.cells = [[None] * self.num_parts for _ in range(self.num_rounds)]
        for text in lines:
            line = json.loads(text)
            number = line["round"]
            if "end" in line:
                self.stages[number].append(line)
            elif "bytes" in line:
                self.bytes[number][line["phase"]] = line["bytes"]
            elif "block_bytes" in line:
                self.block_bytes[number] = line["block_bytes"]
            else:
                self.cells[number][line["part"]] = line["seconds"]
        rotations = [sum(stage["phase"] == "train" for stage in stages)
                     for stages in self.stages]
        if set(rotations) != {1} or any(row is None for cells in self.cells for row in cells):
            raise SystemExit("replay.py: the trace is cut short")

    def rank_of(self, part):
        """The rank that hosts a part."""
        return next(r for r in range(self.num_ranks) if part < self.first_parts[r + 1])

    def stage_seconds(self, phase):
        """CPU seconds of a phase by rank, cells apart."""
        totals = [0.0] * self.num_ranks
        for stages in self.stages:
            for stage in stages:
                if stage["phase"] == phase:
                    totals = [a + b for a, b in zip(totals, stage["seconds"])]
        return totals

    def cell_seconds(self):
        """CPU seconds in cells, by rank."""
        return [sum(sum(cells[p]) for cells in self.cells
                    for p in range(self.first_parts[r], self.first_parts[r + 1]))
                for r in range(self.num_ranks)]

    def busy_seconds(self):
        """CPU seconds of all work, by rank."""
        work = [self.stage_seconds(phase) for phase in PHASES] + [self.cell_seconds()]
        return [sum(seconds) for seconds in zip(*work)]

    def sent(self, phase):
        """Bytes that each rank sent to others in a phase."""
        if phase == "train":
            return self.sent_blocks()
        totals = [0] * self.num_ranks
        for matrices in self.bytes:
            for rank, row in enumerate(matrices.get(phase, ())):
                totals[rank] += sum(row)
        return totals

    def sent_blocks(self):
        """Every block of a group leaves every rank that has some of its parts, not all, once."""
        totals = [0] * self.num_ranks
        size = self.num_parts // self.num_groups
        for group in range(self.num_groups):
            parts = range(group * size, (group + 1) * size)
            ranks = {self.rank_of(part) for part in parts}
            if len(ranks) == 1:
                continue
            total = sum(sum(blocks[p] for p in parts) for blocks in self.block_bytes)
            for rank in ranks:
                totals[rank] += total
        return totals


class Network:
    """Interfaces of hosts, and until when they are busy with what was sent."""

    def __init__(self, num_ranks, gigabits, latency, ranks_per_host):
        self.num_ranks = num_ranks
        self.ranks_per_host = ranks_per_host
        self.bytes_per_second = gigabits * 1e9 / 8
        self.latency = latency if num_ranks > ranks_per_host else 0.0
        self.num_hops = math.ceil(math.log2(num_ranks))
        num_hosts = (num_ranks + ranks_per_host - 1) // ranks_per_host
        self.out_free = [0.0] * num_hosts
        self.in_free = [0.0] * num_hosts

    def host(self, rank):
        """Where a rank runs."""
        return rank // self.ranks_per_host

    def agree(self, clocks, num_times=1):
        """When all ranks know that all have come."""
        return max(clocks) + num_times * self.num_hops * self.latency

    def share_that_leaves(self, matrix):
        """By rank: the shares of sent and of received bytes that cross an interface."""
        ranks = range(self.num_ranks)
        away = [[self.host(s) != self.host(r) for r in ranks] for s in ranks]

        def share(rows, aways):
            return sum(b for b, a in zip(rows, aways) if a) / max(sum(rows), 1)
        return ([share(matrix[r], away[r]) for r in ranks],
                [share([row[r] for row in matrix], [row[r] for row in away]) for r in ranks])

    def occupy(self, start, sent, received):
        """Bytes by rank enter the interfaces' queues; when each host has sent and received."""
        outs, ins = {}, {}
        for amounts, free, ends in ((sent, self.out_free, outs), (received, self.in_free, ins)):
            for rank, num_bytes in enumerate(amounts):
                if num_bytes > 0:
                    host = self.host(rank)
                    free[host] = max(free[host], start) + num_bytes / self.bytes_per_second
                    ends[host] = free[host]
        return outs, ins

    def pass_block(self, now, sender, receiver, num_bytes):
        """When a block that starts now has arrived."""
        source, target = self.host(sender), self.host(receiver)
        if source == target:
            return now
        start = max(now, self.out_free[source], self.in_free[target])
        end = start + num_bytes / self.bytes_per_second
        self.out_free[source] = self.in_free[target] = end
        return end + self.latency


class Segment:
    """The parts of a rank in one group's ring (rotate.c: ring_segment)."""

    def __init__(self, rank, parts):
        self.rank, self.parts = rank, parts
        self.above = self.below = None  # segments
        self.num_leaving = self.num_sent = self.num_received = 0
        self.num_free = 2
        self.send = self.receive = None  # [matched, done]

    @property
    def travels(self):
        """Whether its blocks leave the rank."""
        return self.above is not self


class Rotation:
    """One rotation of all groups, event by event."""

    def __init__(self, trace, number, network, num_threads):
        self.network = network
        self.cells, self.block_bytes = trace.cells[number], trace.block_bytes[number]
        self.size = trace.num_parts // trace.num_groups
        self.next_step = [0] * trace.num_parts
        self.num_blocks = [1] * trace.num_parts
        self.is_taken = [False] * trace.num_parts
        self.segment_of = [None] * trace.num_parts
        self.segments = [self.segments_of_rank(trace, r) for r in range(trace.num_ranks)]
        for part, segment in enumerate(self.segment_of):
            first = part - part % self.size
            if part == segment.parts[0]:
                segment.below = self.segment_of[first + (part - first - 1) % self.size]
                segment.below.above = segment
        self.ready = [collections.deque() for _ in self.segments]
        self.idle = [list(range(num_threads))[::-1] for _ in self.segments]  # 0 on top
        self.events, self.count = [], 0
        self.ends = None

    def segments_of_rank(self, trace, rank):
        """The parts of a rank by group."""
        segments = []
        for part in range(trace.first_parts[rank], trace.first_parts[rank + 1]):
            if not segments or part % self.size == 0:
                segments.append(Segment(rank, []))
            segments[-1].parts.append(part)
            self.segment_of[part] = segments[-1]
        return segments

    def at(self, time, action, *arguments):
        """Let something happen."""
        heapq.heappush(self.events, (time, self.count, action, arguments))
        self.count += 1

    def run(self, starts):
        """When each rank is done, given when each begins."""
        self.ends = list(starts)
        for rank, start in enumerate(starts):
            self.at(start, self.begin, rank)
        while self.events:
            now, _, action, arguments = heapq.heappop(self.events)
            action(now, *arguments)
        if any(step != self.size for step in self.next_step):
            raise SystemExit("replay.py: the rotation stopped: a mistake of the replay")
        return self.ends

    def begin(self, now, rank):
        """All parts have their own blocks."""
        for segment in self.segments[rank]:
            for part in segment.parts:
                self.offer(part)
        self.poll(now, rank)

    def offer(self, part):
        """List a part that can go on."""
        if self.is_taken[part] or self.next_step[part] == self.size:
            return
        if self.next_step[part] < self.num_blocks[part]:
            self.is_taken[part] = True
            self.ready[self.segment_of[part].rank].append(part)

    def give(self, part):
        """A block has come to a part."""
        self.num_blocks[part] += 1
        self.offer(part)

    def employ(self, now, rank):
        """Idle threads take ready parts."""
        while self.ready[rank] and self.idle[rank]:
            part, thread = self.ready[rank].popleft(), self.idle[rank].pop()
            seconds = self.cells[part][self.next_step[part]]
            self.at(now + seconds, self.finish, rank, thread, part)

    def finish(self, now, rank, thread, part):
        """A cell is done; its block goes on."""
        segment = self.segment_of[part]
        self.ends[rank] = max(self.ends[rank], now)
        self.is_taken[part] = False
        self.next_step[part] += 1
        self.offer(part)
        if part > segment.parts[0]:
            self.give(part - 1)
        elif segment.travels:
            segment.num_leaving += 1
        else:
            self.give(segment.parts[-1])
        self.idle[rank].append(thread)
        self.idle[rank].sort(reverse=True)
        self.poll(now, rank)

    def poll(self, now, rank):
        """The main thread, if it is between cells, posts and notices messages."""
        if 0 in self.idle[rank]:
            for segment in self.segments[rank]:
                if segment.travels:
                    self.progress(now, segment)
        self.employ(now, rank)

    def progress(self, now, segment):
        """As pass_blocks() of rotate.c."""
        if segment.send and segment.send[1]:
            segment.send = None
            segment.num_free += 1
            self.ends[segment.rank] = max(self.ends[segment.rank], now)
        if segment.receive and segment.receive[1]:
            segment.receive = None
            self.ends[segment.rank] = max(self.ends[segment.rank], now)
            self.give(segment.parts[-1])
        if not segment.send and segment.num_sent < segment.num_leaving:
            segment.send = [False, False]
            segment.num_sent += 1
            self.match(now, segment)
        if not segment.receive and segment.num_free > 0 and segment.num_received < self.size:
            segment.receive = [False, False]
            segment.num_free -= 1
            segment.num_received += 1
            self.match(now, segment.above)

    def match(self, now, sender):
        """A block starts once it is posted at both ends."""
        receiver = sender.below
        if not sender.send or not receiver.receive or sender.send[0] or receiver.receive[0]:
            return
        sender.send[0] = receiver.receive[0] = True
        part = sender.parts[0]
        home = part - part % self.size + (part + sender.num_sent - 1) % self.size
        end = self.network.pass_block(now, sender.rank, receiver.rank, self.block_bytes[home])
        self.at(end, self.arrive, sender, receiver)

    def arrive(self, now, sender, receiver):
        """The bytes are there; whether anybody sees them depends on the main threads."""
        sender.send[1] = receiver.receive[1] = True
        self.poll(now, sender.rank)
        self.poll(now, receiver.rank)


class Replay:
    """Time by rank, from the first walk to the last change."""

    def __init__(self, trace, gigabits, latency=LATENCY, ranks_per_host=1, num_threads=None):
        self.trace = trace
        self.num_threads = num_threads or trace.num_threads
        self.network = Network(trace.num_ranks, gigabits, latency, ranks_per_host)
        self.clocks = [0.0] * trace.num_ranks
        self.pushed = None  # when each rank has what is on its way to it
        self.phase_seconds = dict.fromkeys(PHASES, 0.0)  # mean over ranks
        for number in range(trace.num_rounds):
            self.replay_round(number)
        if self.pushed:
            raise SystemExit("replay.py: a push was begun and never ended")
        self.wall = max(self.clocks)

    def replay_round(self, number):
        """Stages in their order; one of them stands for the rotation."""
        for stage in self.trace.stages[number]:
            action = self.rotate if stage["phase"] == "train" else self.replay_stage
            before = sum(self.clocks)
            action(number, stage)
            self.phase_seconds[stage["phase"]] += (sum(self.clocks) - before) / len(self.clocks)

    def rotate(self, number, _):
        """Train."""
        rotation = Rotation(self.trace, number, self.network, self.num_threads)
        self.clocks = rotation.run(self.clocks)

    def replay_stage(self, number, stage):
        """Work, then an exchange, an agreement, or nothing."""
        if stage["phase"] == "push" and stage["end"] != "exchange" and self.pushed:
            self.clocks = [max(pair) for pair in zip(self.clocks, self.pushed)]
            self.pushed = None
        for rank, seconds in enumerate(stage["seconds"]):
            serial = stage["serial_seconds"][rank]
            self.clocks[rank] += serial + (seconds - serial) / self.num_threads
        if stage["end"] == "exchange":
            self.exchange(number, stage)
        elif stage["end"] == "agreement":
            self.clocks = [self.network.agree(self.clocks)] * len(self.clocks)

    def exchange(self, number, stage):
        """Bytes move; a push is left to itself."""
        network, ranks = self.network, range(self.trace.num_ranks)
        start = network.agree(self.clocks, 2)
        self.clocks = [start for _ in ranks]
        matrix = self.trace.bytes[number].get(stage["phase"])
        if not matrix:
            return
        sending, receiving = network.share_that_leaves(matrix)
        sent = [stage["bytes_sent"][r] * sending[r] for r in ranks]
        received = [stage["bytes_received"][r] * receiving[r] for r in ranks]
        outs, ins = network.occupy(start, sent, received)
        if stage["phase"] == "push":
            self.pushed = [self.arrival(r, start, matrix, outs, ins) for r in ranks]
        elif outs:
            end = max(*outs.values(), *ins.values()) + network.latency
            self.clocks = [end for _ in ranks]

    def arrival(self, rank, start, matrix, outs, ins):
        """When a rank has all that others pushed to it: it may be what they send last."""
        host = self.network.host
        ends = [outs[host(s)] for s in range(len(matrix))
                if matrix[s][rank] > 0 and host(s) != host(rank)]
        return max(ends + [ins[host(rank)]]) + self.network.latency if ends else start

    def idle_share(self):
        """Of all threads' time: what was not work."""
        busy = sum(self.trace.busy_seconds())
        return 1 - busy / (self.wall * self.trace.num_ranks * self.num_threads)


def mean(values):
    """Of numbers by rank."""
    return sum(values) / len(values)


def max_over_mean(values):
    """1 if all are equal."""
    return max(values) / mean(values) if sum(values) > 0 else 1.0


def show(trace, replays):
    """Print label: value lines."""
    busy = trace.busy_seconds()
    sent = [sum(phases) for phases in zip(*(trace.sent(phase) for phase in PHASES))]
    print(f"ranks: {trace.num_ranks}")
    print(f"threads per rank: {next(iter(replays.values())).num_threads}")
    print(f"parts: {trace.num_parts}")
    print(f"groups: {trace.num_groups}")
    print(f"rounds: {trace.num_rounds}")
    print(f"CPU seconds, all ranks: {sum(busy):.4f}")
    print(f"CPU seconds, max/mean over ranks: {max_over_mean(busy):.3f}")
    for phase in PHASES:
        print(f"MB sent a rank, {phase}: {mean(trace.sent(phase)) / 1e6:.3f}")
    print(f"MB sent a rank: {mean(sent) / 1e6:.3f}")
    print(f"MB sent by the rank that sent most: {max(sent) / 1e6:.3f}")
    for gigabits, replay in replays.items():
        name = f"{gigabits:g} Gbit/s"
        print(f"{name}, wall seconds: {replay.wall:.4f}")
        print(f"{name}, idle percent: {100 * replay.idle_share():.1f}")
        parts = ", ".join(f"{phase} {seconds:.4f}"
                          for phase, seconds in replay.phase_seconds.items() if seconds > 0)
        print(f"{name}, wall seconds by phase: {parts}")


def main():
    """Read the arguments, replay at each bandwidth."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace", help="what embed --trace wrote")
    parser.add_argument("--bandwidths", type=float, nargs="+", default=BANDWIDTHS,
                        metavar="GBITS", help="Gbit/s each way (default: 1 10 100)")
    parser.add_argument("--latency", type=float, default=1e6 * LATENCY, metavar="MICROSECONDS",
                        help="of a message between hosts (default: %(default)g)")
    parser.add_argument("--ranks-per-host", type=int, default=1, metavar="N",
                        help="consecutive ranks that share an interface (default: 1)")
    parser.add_argument("--threads", type=int, metavar="N",
                        help="of a rank (default: as traced)")
    parser.add_argument("--quiet", action="store_true", help="leave the assumptions out")
    arguments = parser.parse_args()
    if not arguments.quiet:
        for line in __doc__.strip().splitlines()[2:]:
            print(f"# {line}".rstrip())
    with open(arguments.trace, encoding="utf-8") as file:
        trace = Trace(file)
    show(trace, {gigabits: Replay(trace, gigabits, 1e-6 * arguments.latency,
                                  arguments.ranks_per_host, arguments.threads)
                 for gigabits in arguments.bandwidths})


if __name__ == "__main__":
    main()
