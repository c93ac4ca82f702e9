"""Tools/bench: measures the problems of this package, ours and peers, and prints, draws and writes what came out."""
import argparse, datetime, json, os, statistics, subprocess, sys, time
import picture, programs, report, sampling
from targets import DEFAULT, PROBLEMS


def machine():
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    with open("/etc/os-release") as file:
        system = next((line.split("=")[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME")), "Linux")
    version = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=programs.BENCHMARKS, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout.strip()
    return {"cpu": cpu, "cpus": len(os.sched_getaffinity(0)), "system": system, "kernel": ".".join(os.uname().release.split(".")[:2]),
            "swift": version.split("\n")[0], "commit": commit, "load": round(os.getloadavg()[0], 2),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")}


def parse():
    parser = argparse.ArgumentParser(prog="Tools/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="problems; all if none is named: "
                        + " ".join(problem.name for problem in PROBLEMS))
    parser.add_argument("--peers", action="store_true", help="other runtimes too")
    parser.add_argument("--peer", action="append", default=[], metavar="PEER", help="only that one (may be repeated)")
    parser.add_argument("--require", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--reps", type=int, default=5, help="processes of each program (default 5)")
    parser.add_argument("--samples", type=int, default=3, help="samples of each process, after a warm-up (default 3)")
    parser.add_argument("--workers", type=int, nargs="*", help="numbers of workers (default: 1 and 2)")
    parser.add_argument("--log", action="store_true", help="with the event log on (overwrite mode)")
    parser.add_argument("--json", metavar="FILE", help="write the results")
    parser.add_argument("--svg", metavar="FILE", help="draw them")
    parser.add_argument("--readme", metavar="FILE", help="put the tables between its <!-- bench --> marks (with --log: "
                        "<!-- bench log -->)")
    parser.add_argument("--against", metavar="REV", help="compare with the library at a revision")
    parser.add_argument("--from", dest="saved", metavar="FILE", help="measure nothing: print and draw what --json wrote")
    options = parser.parse_args()
    unknown = set(options.names) - {problem.name for problem in PROBLEMS}
    if unknown:
        parser.error(f"unknown problem {' '.join(sorted(unknown))}")
    if options.reps < 1 or options.samples < 1:
        parser.error("--reps and --samples must be at least 1")
    return options


def cell(values):
    numbers = [value for value, _ in values]
    tails = [tail for _, tail in values if tail is not None]
    found = {"median": statistics.median(numbers), "low": min(numbers), "high": max(numbers), "runs": numbers}
    if tails:
        found["p99"] = statistics.median(tails)
    return found


def named(program, problem, same):
    """The program under the name of the problem that it calls the same."""
    if problem in program.problems:
        return program, problem
    return (program, same) if same in program.problems else (None, None)


def measure(problem, workers, contestants, options):
    """Interleaves programs that may know the problem under different names."""
    found = {}
    plan = []
    for program in contestants:
        candidate, name = named(program, problem.name, problem.same)
        if candidate:
            plan.append((program.name, candidate, name))
        if problem.name in ("await", "await-future") and program is contestants[0]:
            plan.append((DEFAULT, program, "await-default"))
    for _ in range(options.reps):
        for label, program, name in plan:
            if found.get(label, [0])[-1] is None:
                continue
            found.setdefault(label, []).append(
                sampling.sample(program, name, workers, options.samples, None, options.log))
    return {label: cell(values) for label, values in found.items() if None not in values}


def main():
    options = parse()
    if options.saved:
        with open(options.saved) as file:
            results = json.load(file)
    else:
        results = {"machine": machine(), "log": options.log, "repetitions": options.reps, "samples": options.samples,
                   "against": options.against, "cells": []}
        revision = programs.Revision(options.against) if options.against else None
        try:
            contestants = [programs.ours()]
            if revision:
                contestants.append(revision.program)
            if options.peers or options.peer:
                contestants += programs.peers(options.peer)
            for problem in PROBLEMS:
                if options.names and problem.name not in options.names:
                    continue
                for workers in options.workers or problem.workers:
                    began = time.monotonic()
                    found = measure(problem, workers, contestants, options)
                    programs.say(f"bench: {problem.name}, {workers} worker{'s' if workers > 1 else ''}: "
                                 f"{time.monotonic() - began:.0f} s")
                    results["cells"].append({"problem": problem.name, "workers": workers, "unit": problem.unit,
                                             "programs": found})
        finally:
            if revision:
                revision.remove()
        results["machine"]["load"] = [results["machine"]["load"], round(os.getloadavg()[0], 2)]
    print(report.text(results))
    if options.json and not options.saved:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)
    if options.svg:
        with open(options.svg, "w") as file:
            file.write(picture.draw(results))
    if options.readme:
        report.insert(options.readme, "bench log" if results["log"] else "bench", report.text(results))
    if options.require and any(row[-1] == report.MISSED for row in report.judged(results)):
        sys.exit(1)


if __name__ == "__main__":
    main()
