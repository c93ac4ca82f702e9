"""Tools/bench profile: instructions an operation, by function, from callgrind.

The difference between two sizes of the problem, so that what happens once (the start, generic metadata) drops out. Counts
do not depend on what else the machine does; they say nothing about waiting for cache lines, for which there is
`perf record -e cpu-clock`.
"""
import argparse, os, re, subprocess, sys, tempfile
import programs


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def placements(rows, columns=0, left=0, right=0, row=0):
    free = ~(columns | left | right) & ((1 << rows) - 1)
    count = 0
    while row < rows and free:
        bit = free & -free
        free &= free - 1
        count += 1 + placements(rows, columns | bit, (left | bit) << 1, (right | bit) >> 1, row + 1)
    return count


# Two sizes, and how many operations a size has.
PROBLEMS = {
    "fib": (12, 16, lambda n: fibonacci(n + 1) - 1), "nested": (12, 16, lambda n: 2 * (fibonacci(n + 1) - 1)),
    "skynet": (100, 1000, int), "nqueens": (5, 7, placements), "submit": (2000, 12_000, int),
    "submit-closure": (2000, 12_000, int), "map": (100_000, 300_000, int), "await": (2000, 6000, int),
    "await-default": (2000, 6000, int), "await-future": (2000, 6000, int),
}
SECONDS = 300


def count(binary, problem, workers, size, folder):
    """Instructions by function of one run."""
    output = os.path.join(folder, f"{size}.out")
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", binary, problem, str(workers), "--size", str(size),
         "--samples", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
    if run.returncode:
        sys.exit(f"bench: {run.stdout[-2000:]}")
    text = subprocess.run(["callgrind_annotate", "--threshold=100", output], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=SECONDS, check=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+) (?:\(\s*[\d.]+%\))?\s+(\S.*)$", line)
        if match:
            # "file:function [object]"; a recursive function's further levels are marked '2.
            name = re.sub(r"^[^:]*:(?!:)", "", re.sub(r" \[[^]]*\]$", "", match[2]))
            name = re.sub(r"'\d+$", "", name)
            found[name] = found.get(name, 0) + int(match[1].replace(",", ""))
    return found


def demangled(names):
    text = subprocess.run(["swift", "demangle", "--simplified", "--compact"], input="\n".join(names), stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    return text.splitlines()


def main():
    parser = argparse.ArgumentParser(prog="Tools/bench profile", description=__doc__)
    parser.add_argument("problem", choices=PROBLEMS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--top", type=int, default=25, help="how many functions (default 25)")
    options = parser.parse_args()
    small, large, operations = PROBLEMS[options.problem]
    with tempfile.TemporaryDirectory(prefix="bench-profile-") as folder:
        # valgrind does not read all debug information that Swift writes.
        binary = os.path.join(folder, "pool-bench")
        programs.call("strip", "--strip-debug", "-o", binary, programs.ours().command[0])
        few, many = (count(binary, options.problem, options.workers, size, folder) for size in (small, large))
    # A warm-up and one sample.
    each = 2 * (operations(large) - operations(small))
    total = (many.pop("PROGRAM TOTALS") - few.pop("PROGRAM TOTALS")) / each
    rows = sorted(((instructions - few.get(name, 0)) / each, name) for name, instructions in many.items())[::-1]
    print(f"{options.problem}, {options.workers} worker(s): {total:.0f} instructions an operation")
    shown = rows[:options.top]
    for (instructions, _), name in zip(shown, demangled([name for _, name in shown])):
        print(f"{instructions:8.1f}  {name[:150]}")
    print(f"{total - sum(instructions for instructions, _ in shown):8.1f}  others")


if __name__ == "__main__":
    main()
