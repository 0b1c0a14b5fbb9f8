#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays whose wall time can be told by hand. A block or a message of SECOND bytes takes one
second at 1 Gbit/s."""
import json
import unittest

from replay import Replay, Trace

SECOND = 10**9 // 8


def stage(phase, seconds, serial=None, sent=None, received=None, number=0, end="nothing"):
    """One stage; it ends with an exchange if bytes are given."""
    none = [0] * len(seconds)
    return {"round": number, "phase": phase, "end": "exchange" if sent else end,
            "seconds": seconds, "serial_seconds": serial or none,
            "bytes_sent": sent or none, "bytes_received": received or none}


def trace(first_parts, cells, block_bytes, stages=(), matrices=(), groups=1, threads=1):
    """A trace whose rounds have equal cells: seconds by [round][part][step]."""
    head = {"trace": 1, "num_ranks": len(first_parts) - 1, "num_threads": threads,
            "num_parts": len(cells[0]), "num_groups": groups, "num_rounds": len(cells),
            "first_parts": first_parts}
    lines = [head, *stages, *matrices]
    for number, parts in enumerate(cells):
        if not any(line["round"] == number and line["phase"] == "train" for line in stages):
            lines.append(stage("train", [0] * (len(first_parts) - 1), number=number))
        lines.append({"round": number, "block_bytes": [block_bytes] * len(parts)})
        for part, seconds in enumerate(parts):
            lines.append({"round": number, "part": part, "seconds": seconds,
                          "num_pairs": [1] * len(seconds)})
    return Trace(json.dumps(line) for line in lines)


def wall(of_trace, gigabits=1, latency=0.0, **options):
    """Of a replay."""
    return Replay(of_trace, gigabits, latency, **options).wall


class Rotations(unittest.TestCase):
    """Cells and blocks."""

    def test_one_thread_does_one_cell_after_the_other(self):
        one = trace([0, 3], [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], SECOND)
        self.assertAlmostEqual(wall(one), 45)
        self.assertAlmostEqual(Replay(one, 1, 0).idle_share(), 0)

    def test_threads_share_the_parts(self):
        one = trace([0, 4], [[[1] * 4] * 4], SECOND)
        self.assertAlmostEqual(wall(one, num_threads=2), 8)
        self.assertAlmostEqual(wall(one, num_threads=4), 4)
        self.assertAlmostEqual(wall(one, num_threads=8), 4)
        self.assertAlmostEqual(Replay(one, 1, 0, num_threads=8).idle_share(), .5)

    def test_a_slow_cell_holds_up_its_block_and_its_part(self):
        # Step 0 ends at 5 for part 0 and at 1 for part 1, which needs block 0 then.
        one = trace([0, 2], [[[5, 1], [1, 1]]], SECOND, threads=2)
        self.assertAlmostEqual(wall(one), 6)

    def test_blocks_travel_between_cells(self):
        # Cells 0-1, blocks 1-2, cells 2-3, blocks home 3-4.
        two = trace([0, 1, 2], [[[1, 1], [1, 1]]], SECOND)
        self.assertAlmostEqual(wall(two), 4)
        self.assertAlmostEqual(wall(two, gigabits=10), 2.2)
        self.assertAlmostEqual(wall(two, latency=.25), 4.5)
        self.assertAlmostEqual(Replay(two, 1, 0).idle_share(), .5)
        self.assertEqual(two.sent("train"), [2 * SECOND, 2 * SECOND])

    def test_ranks_of_a_host_pass_blocks_at_once(self):
        two = trace([0, 1, 2], [[[1, 1], [1, 1]]], SECOND)
        self.assertAlmostEqual(wall(two, latency=.25, ranks_per_host=2), 2)

    def test_more_parts_hide_the_way(self):
        # Two parts a rank: the lower one's block is on its way while the upper one trains.
        two = trace([0, 2, 4], [[[1] * 4] * 4], SECOND // 2)
        self.assertAlmostEqual(wall(two), 8)

    def test_only_the_main_thread_between_its_cells_posts_and_notices(self):
        # Thread 0 of rank 0 takes part 0, until 4; thread 1 takes part 1, until 1. Block 2
        # comes from rank 1 at 1, but is seen at 4 only. Thread 0 takes part 0 again, twice:
        # block 0, which comes back at 5, is seen at 6.
        cells = [[4, 1, 1], [1, 1, 1], [1, 1, 1]]
        two = trace([0, 2, 3], [cells], 0, threads=2)
        self.assertAlmostEqual(wall(two), 7)

    def test_groups_do_not_wait_for_each_other(self):
        four = trace([0, 1, 2, 3, 4], [[[1, 1], [1, 1], [3, 3], [3, 3]]], SECOND, groups=2)
        self.assertAlmostEqual(wall(four), 8)
        self.assertEqual(four.sent("train"), [2 * SECOND] * 4)
        alone = trace([0, 2, 4], [[[1, 1], [1, 1], [3, 3], [3, 3]]], SECOND, groups=2)
        self.assertAlmostEqual(wall(alone), 12)
        self.assertEqual(alone.sent("train"), [0, 0])

    def test_a_rank_between_two_groups(self):
        # Parts 0 1 | 2 3 4 | 5 with groups of three: rank 1 has the end of one group and the
        # beginning of the next.
        three = trace([0, 2, 5, 6], [[[1] * 3] * 6], 0, groups=2)
        self.assertGreaterEqual(wall(three), 9)
        self.assertLess(wall(three), 13)
        self.assertEqual(three.sent("train"), [0, 0, 0])

    def test_many_ranks_and_parts_end(self):
        ranks, parts = 7, 24
        first = [(parts * r + ranks - 1) // ranks for r in range(ranks + 1)]
        for groups in (1, 2, 3, 4, 8):
            cells = [[[.5 + (p * s) % 5 for s in range(parts // groups)]
                      for p in range(parts)]] * 2
            one = trace(first, cells, SECOND // 3, groups=groups, threads=2)
            busy = max(one.busy_seconds())
            self.assertGreaterEqual(wall(one), busy / 2)
            self.assertLess(wall(one), 10 * busy)


class Stages(unittest.TestCase):
    """Work, exchanges and pushes."""

    cells = [[[0, 0], [0, 0]]]

    def replay(self, *stages, matrix=((0, SECOND), (0, 0)), phase="route", **options):
        """Two ranks without cells to speak of."""
        matrices = [{"round": 0, "phase": phase, "bytes": matrix}] if matrix else []
        return wall(trace([0, 1, 2], self.cells, 0, stages, matrices), **options)

    def test_work_then_bytes(self):
        route = stage("route", [1, 3], sent=[SECOND, 0], received=[0, SECOND])
        self.assertAlmostEqual(self.replay(route), 4)
        self.assertAlmostEqual(self.replay(route, gigabits=100), 3.01)
        # Two agreements of one hop, one message; then the blocks: two steps and home.
        self.assertAlmostEqual(self.replay(route, latency=.01), 4.03 + .02)

    def test_both_ways_at_once(self):
        route = stage("route", [0, 0], sent=[SECOND] * 2, received=[SECOND] * 2)
        self.assertAlmostEqual(self.replay(route, matrix=((0, SECOND), (SECOND, 0))), 1)

    def test_ranks_of_a_host_exchange_at_once(self):
        route = stage("route", [1, 3], sent=[SECOND, 0], received=[0, SECOND])
        self.assertAlmostEqual(self.replay(route, ranks_per_host=2), 3)

    def test_serial_work_is_not_divided(self):
        work = stage("route", [4, 4], serial=[2, 2])
        self.assertAlmostEqual(self.replay(work, matrix=None), 4)
        self.assertAlmostEqual(self.replay(work, matrix=None, num_threads=2), 3)

    def test_who_agrees_waits(self):
        self.assertAlmostEqual(
            self.replay(stage("walk", [1, 2]), stage("walk", [2, 1]), matrix=None), 3)
        self.assertAlmostEqual(
            self.replay(stage("route", [1, 2], end="agreement"), stage("route", [2, 1]),
                        matrix=None), 4)

    def test_a_push_travels_while_the_next_round_walks(self):
        def run(seconds_of_walk, walk_bytes=0):
            stages = [stage("train", [0, 0]),
                      stage("push", [0, 0], sent=[2 * SECOND, 0], received=[0, 2 * SECOND]),
                      stage("walk", [seconds_of_walk] * 2, sent=[walk_bytes, 0],
                            received=[0, walk_bytes], number=1),
                      stage("push", [.5, .5], number=1),
                      stage("train", [0, 0], number=1),
                      stage("push", [0, 0], sent=[0, 0], received=[0, 0], number=1),
                      stage("push", [0, 0], number=1)]
            matrices = [{"round": 0, "phase": "push", "bytes": [[0, 2 * SECOND], [0, 0]]},
                        {"round": 1, "phase": "walk", "bytes": [[0, walk_bytes], [0, 0]]}]
            return wall(trace([0, 1, 2], self.cells * 2, 0, stages, matrices))
        self.assertAlmostEqual(run(1), 2.5)
        self.assertAlmostEqual(run(3), 3.5)
        self.assertAlmostEqual(run(1, SECOND), 3.5)  # walkers queue behind it


if __name__ == "__main__":
    unittest.main()
