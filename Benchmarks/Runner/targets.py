"""What is measured, in which unit, against whom, and which numbers we want."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    name: str
    title: str
    unit: str
    workers: tuple = (1, 2)
    # Which problem of a peer is the same; None: its own name.
    same: str = None


PROBLEMS = [
    Problem("fib", "fib(32): fork, join", "ns/join"),
    Problem("nested", "nested(22): futures in futures", "ns/future"),
    Problem("nested-stealing", "nested(22), any task run while waiting", "ns/future", same="nested"),
    Problem("skynet", "skynet(10^6)", "ns/leaf"),
    Problem("nqueens", "nqueens(11)", "ns/task"),
    Problem("submit", "submit(10^6) + result, arguments", "ns/task"),
    Problem("submit-closure", "submit(10^6) + result, closure", "ns/task", same="submit"),
    Problem("pingpong", "pingpong on one CPU, p50", "us"),
    Problem("map", "map of 10^7 Int64", "ns/element"),
    Problem("mem", "a pending future", "bytes", workers=(2,)),
    Problem("idle", "idle", "CPU us/s", workers=(2,)),
    Problem("thief-spinning", "a spinning thief's start, p50", "us", workers=(2,)),
    Problem("thief-parked", "a thief's start after 2 ms, p50", "us", workers=(2,)),
    Problem("await", "await of a pool job", "ns/await"),
    Problem("await-future", "await of a future", "ns/await"),
]

BEST = "the best peer"
DEFAULT = "the default executor"


@dataclass(frozen=True)
class Target:
    problem: str
    # A peer: the numbers are ratios. None: they are absolute, in the problem's unit.
    peer: str
    target: float
    stretch: float = None
    workers: tuple = None


TARGETS = [
    Target("fib", "rayon", 0.45, 0.36),
    Target("skynet", "rayon", 0.4, 0.26),
    Target("nqueens", "rayon", 0.6, 0.5),
    Target("thief-spinning", None, 0.3),
    Target("thief-parked", "rayon", 1.0),
    Target("nested", "Java ForkJoinPool", 3.0, 1.0),
    Target("nested-stealing", "Java ForkJoinPool", 3.0, 1.0),
    Target("submit", "Java ForkJoinPool", 1.0, 0.7),
    Target("submit-closure", "Java ForkJoinPool", 2.0, 1.2),
    Target("submit-closure", "Dispatch", 0.25),
    Target("pingpong", "oneTBB", 1.0, 0.5, workers=(2,)),
    Target("mem", None, 140, 104),
    Target("idle", None, 20, 0),
    Target("await", DEFAULT, 0.5),
    Target("map", BEST, 1.1),
]
# Twice the workers, how much faster.
SCALING = {"nested": 1.9, "nested-stealing": 1.9}
