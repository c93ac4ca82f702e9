"""The programs that are compared: how each is built, and the command of one run."""
import os, shutil, subprocess, sys, tempfile
from dataclasses import dataclass, field

BENCHMARKS = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
OURS = "swift-concurrent-futures"


def say(text):
    print(text, file=sys.stderr, flush=True)


def call(*command, cwd=BENCHMARKS, seconds=3600, **environment):
    """What a command prints; ends the bench where it fails or takes longer than `seconds`."""
    try:
        result = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        sys.exit(f"bench: {' '.join(command)} did not end within {seconds} s")
    if result.returncode:
        sys.exit(f"bench: {' '.join(command)} failed\n{result.stdout[-4000:]}")
    return result.stdout.strip()


def swift(package, product):
    # A plan made earlier does not notice source files that were added to the library since: made anew, a second or two.
    plan = os.path.join(package, ".build", "release.yaml")
    if os.path.lexists(plan):
        os.remove(plan)
    call("swift", "build", "--package-path", package, "-c", "release", "--product", product)
    return os.path.join(call("swift", "build", "--package-path", package, "-c", "release", "--show-bin-path"), product)


@dataclass
class Program:
    name: str
    command: list
    problems: set
    # Without a width of its own: one thread is had by a mask of one CPU.
    masked: bool = False
    environment: dict = field(default_factory=dict)

    def run(self, problem, workers, options, pinned=False):
        mask = ["taskset", "-c", "0"] if pinned or (self.masked and workers == 1) else []
        return mask + self.command + [problem, str(workers)] + options


def ours(package=BENCHMARKS, name=OURS):
    say(f"bench: building {name}")
    problems = {"fib", "nested", "nested-stealing", "skynet", "nqueens", "submit", "submit-closure", "pingpong", "map", "mem", "idle", "await",
                "await-default", "await-future", "thief-spinning", "thief-parked"}
    return Program(name, [swift(package, "pool-bench")], problems)


def peers(wanted):
    """All of them, or those named."""
    folder = os.path.join(BENCHMARKS, ".build", "peers")
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(BENCHMARKS, "Peers")

    def tbb():
        binary = os.path.join(folder, "peer-tbb")
        call("g++", "-O2", "-std=c++17", os.path.join(source, "oneTBB", "problems.cpp"), "-o", binary, "-ltbb")
        return [binary]

    def rayon():
        call("cargo", "build", "--release", "--offline", cwd=os.path.join(source, "rayon"),
             CARGO_TARGET_DIR=os.path.join(folder, "rayon"))
        return [os.path.join(folder, "rayon", "release", "peer-rayon")]

    def java():
        classes = os.path.join(folder, "java")
        call("javac", "-d", classes, os.path.join(source, "Java", "Problems.java"))
        return ["java", "-cp", classes, "Problems"]

    trees = {"fib", "nested", "skynet", "nqueens", "map"}
    outside = {"submit", "pingpong", "mem", "idle"}
    known = {
        "oneTBB": (tbb, trees | outside, False),
        "rayon": (rayon, trees | outside | {"thief-spinning", "thief-parked"}, False),
        "Java ForkJoinPool": (java, trees | outside, False),
        "Dispatch": (lambda: [swift(BENCHMARKS, "peer-dispatch")], trees - {"nested"} | outside, True),
        "Swift Concurrency": (lambda: [swift(BENCHMARKS, "peer-swift-concurrency")], trees | outside, True),
        "NIOThreadPool": (lambda: [swift(os.path.join(source, "NIO"), "peer-nio")], outside, False),
        "Python ThreadPoolExecutor": (
            lambda: [sys.executable, os.path.join(source, "Python", "problems.py")], outside, False),
    }
    unknown = set(wanted) - set(known)
    if unknown:
        sys.exit(f"bench: unknown peer {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    found = []
    for name, (build, problems, masked) in known.items():
        if not wanted or name in wanted:
            say(f"bench: building {name}")
            found.append(Program(name, build(), problems, masked))
    return found


class Revision:
    """The library at another revision, under the problems of this one."""

    def __init__(self, name):
        self.root = tempfile.mkdtemp(prefix="bench-against-")
        self.repository = os.path.dirname(BENCHMARKS)
        commit = call("git", "rev-parse", "--short", name + "^{commit}", cwd=self.repository)
        self.checkout = os.path.join(self.root, "swift-concurrent-futures")
        call("git", "worktree", "add", "--detach", self.checkout, commit, cwd=self.repository)
        package = os.path.join(self.checkout, "Benchmarks")
        call("rm", "-rf", package)
        # Whole: the manifest names folders that are not built for this, and must exist all the same.
        shutil.copytree(BENCHMARKS, package, ignore=shutil.ignore_patterns(".build"))
        self.program = ours(package, name if name == commit else f"{name} ({commit})")

    def remove(self):
        call("git", "worktree", "remove", "--force", self.checkout, cwd=self.repository)
        call("rm", "-rf", self.root)
