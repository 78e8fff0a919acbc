"""Warmed once, then the least of the rounds: what else runs on the machine only adds."""

import time


def least_seconds(work, rounds=9):
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
