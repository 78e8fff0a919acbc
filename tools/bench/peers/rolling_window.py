"""The windows of one column as one would write them by hand in Python; shared by the peers of `windows`."""
from collections import deque
from math import sqrt

COLUMNS = ["cpu_usage", "memory_usage", "disk_io"]
MINUTES = [5, 15, 60]


class Window:
    """Sums and a monotonic queue of the largest."""

    def __init__(self, length):
        self.length = length
        self.rows, self.largest = deque(), deque()
        self.sum = self.squares = 0.0

    def add(self, at, value):
        self.rows.append((at, value))
        self.sum += value
        self.squares += value * value
        while self.largest and self.largest[-1][1] <= value:
            self.largest.pop()
        self.largest.append((at, value))
        oldest = at - self.length
        while self.rows[0][0] <= oldest:
            _, gone = self.rows.popleft()
            self.sum -= gone
            self.squares -= gone * gone
        while self.largest[0][0] <= oldest:
            self.largest.popleft()
        count = len(self.rows)
        mean = self.sum / count
        variance = (self.squares - count * mean * mean) / (count - 1) if count > 1 else float("nan")
        return mean, sqrt(max(variance, 0.0)), self.largest[0][1]


class Entity:
    """The 27 features of one entity."""

    def __init__(self):
        self.columns = [[Window(minutes * 60_000) for minutes in MINUTES] for _ in COLUMNS]

    def add(self, at, values):
        out = []
        for value, column in zip(values, self.columns):
            for window in column:
                out.extend(window.add(at, value))
        return out
