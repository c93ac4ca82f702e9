"""Tools/bench tracing [off log lttng rate snapshot]: what recording costs, against what we promise.

Instructions are counted by callgrind, as the difference between two runs of different length. Times are medians of pairs from
one process. `--require` ends with 1 where a promise is missed."""
import json, os, re, shutil, statistics, subprocess, sys, tempfile
from programs import BENCHMARKS, call, say, swift

ROOT = os.path.dirname(BENCHMARKS)
WORK = os.path.join(BENCHMARKS, ".build", "tracing")
rows = []


def report(what, value, unit, limit=None):
    kept = limit is None or value <= limit
    rows.append((what, f"{value:.4g} {unit}", "" if limit is None else f"at most {limit:g}", "" if kept else "MISSED"))
    say(f"bench: {what}: {value:.4g} {unit}")


def built(package, name):
    """A copy without debug information: valgrind does not read Swift's."""
    os.makedirs(WORK, exist_ok=True)
    copy = os.path.join(WORK, name)
    shutil.copyfile(swift(package, "tracing"), copy)
    os.chmod(copy, 0o755)
    call("strip", "--strip-debug", copy)
    return copy


def without_sites():
    """The same program on the library with every recording site compiled out."""
    copy = os.path.join(WORK, "without", "swift-concurrent-futures")
    os.makedirs(os.path.join(copy, "Benchmarks"), exist_ok=True)
    for part in ("Package.swift", "Sources", "Tests"):
        call("cp", "-au", os.path.join(ROOT, part), copy)
    for part in ("Package.swift", "Measuring", "Problems", "Peers", "processes", "traces", "tracing"):
        call("cp", "-au", os.path.join(BENCHMARKS, part), os.path.join(copy, "Benchmarks"))
    path = os.path.join(copy, "Sources/ConcurrentFutures/Recording/Recorder.swift")
    with open(os.path.join(ROOT, "Sources/ConcurrentFutures/Recording/Recorder.swift")) as file:
        text, count = re.subn(r"cf_is_recorded\(kind\.rawValue\)|cf_submit_is_recorded\(\)", "false", file.read())
    if count != 2:
        sys.exit("bench: Recorder.isOn is not what it was; teach Benchmarks/Runner/tracing.py")
    with open(path, "w") as file:
        file.write(text)
    return built(os.path.join(copy, "Benchmarks"), "tracing-without")


def collected(command):
    with tempfile.NamedTemporaryFile(prefix="callgrind-") as out:
        result = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", *command],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    found = re.findall(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found:
        sys.exit(f"bench: callgrind {' '.join(command)} failed\n{result.stderr[-2000:]}")
    return int(found[-1])  # children that end earlier say theirs first


def instructions(command, small, large):
    """Instructions of one operation; `command` has COUNT where the number of operations goes."""
    few, many = (collected([str(count) if word == "COUNT" else word for word in command]) for count in (small, large))
    return (many - few) / (large - small)


def clean():
    for name in os.listdir("/tmp"):
        if name.startswith("cf-tracing-"):
            shutil.rmtree(os.path.join("/tmp", name), ignore_errors=True)


def off(binary):
    without = without_sites()
    with_sites = instructions([binary, "tasks", "COUNT", "0"], 20_000, 60_000)
    bare = instructions([without, "tasks", "COUNT", "0"], 20_000, 60_000)
    report("off: instructions a site (submit, start, end)", (with_sites - bare) / 3, "instructions", 6)
    report("off: submit and run a task", (with_sites / bare - 1) * 100, "% more instructions", 1)
    fib, bare_fib = (collected([program, "fib", "21"]) - collected([program, "fib", "11"]) for program in (binary, without))
    report("off: fib", (fib / bare_fib - 1) * 100, "% more instructions", 1)


def log(binary):
    pairs = [tuple(map(float, line.split())) for line in call(binary, "pairs", "300000", "9").splitlines()]
    report("event log: a plain task (three events)", statistics.median(on - off for off, on in pairs), "ns", 30)
    report("event log: the same task without it", statistics.median(off for off, _ in pairs), "ns")
    plain = instructions([binary, "tasks", "COUNT", "0"], 20_000, 60_000)
    report("event log: a plain task", instructions([binary, "tasks", "COUNT", "0", "log"], 20_000, 60_000) - plain, "instructions")
    loops = statistics.median(int(call(binary, "loops")) for _ in range(5))
    for microseconds, limit, few in ((1, 5, 2000), (10, 1, 1000)):
        task = ["tasks", "COUNT", str(int(loops * microseconds))]
        base = instructions([binary, *task], few, 3 * few)
        logged = instructions([binary, *task, "log"], few, 3 * few)
        report(f"event log: tasks of {microseconds} us", (logged / base - 1) * 100, "% more instructions", limit)


SESSION = """set -e
mount -t tmpfs tmpfs /run; mkdir /run/lttng; mount -t tmpfs tmpfs /dev/shm
export LTTNG_HOME=/run
lttng() { command lttng --no-sessiond "$@" > /run/lttng.out; }
lttng-sessiond --no-kernel > /run/sessiond.out 2>&1 &
until lttng list 2> /dev/null; do sleep 0.02; done
lttng create bench --output="$1"
lttng enable-channel -u pool --subbuf-size=1M --num-subbuf=8
lttng enable-event -u -c pool 'concurrent_futures:*'
lttng start
shift
export LTTNG_UST_REGISTER_TIMEOUT=-1
"$@"
lttng stop
lttng destroy
"""


def isolated(script, *arguments):
    """With mounts and processes of its own; needs root."""
    return call("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", script, "bench", *arguments,
                seconds=900)


def lttng(binary):
    loop = os.path.join(WORK, "cloop")
    sources = os.path.join(ROOT, "Sources", "CTracepoints")
    call("gcc", "-O2", "-DCF_LTTNG", "-I" + sources, "-I" + os.path.join(sources, "include"),
         os.path.join(BENCHMARKS, "tracing", "cloop.c"), os.path.join(sources, "provider.c"), "-llttng-ust", "-o", loop)
    with tempfile.TemporaryDirectory(prefix="cf-tracing-") as folder:
        found = isolated(SESSION, folder, sys.executable, os.path.abspath(__file__), "count", loop, binary)
    c, swift_mark = json.loads(found.splitlines()[-1])
    report("LTTng: an event from a C loop", c, "instructions")
    report("LTTng: the same from Swift", swift_mark / c, "times a C loop's", 1.1)


def rate(binary):
    """With the channels that `poolscope record` sets up."""
    source = os.path.join(ROOT, "Tools/Sources/poolscope/RecordingSession.swift")
    with open(source) as file:
        text = file.read()
    if '"--subbuf-size=1M", "--num-subbuf=8"' not in text or '"-c", "pool", "-t", "vpid"' not in text:
        sys.exit("bench: poolscope record sets up other channels than this measures")
    session = SESSION.replace("lttng enable-event", "lttng add-context -u -c pool -t vpid\nlttng enable-event")
    for per_second, seconds, name in ((300_000, 5, "300,000 tasks/s for 5 s"), (3_000_000, 2, "as many as it can for 2 s")):
        with tempfile.TemporaryDirectory(prefix="cf-tracing-") as folder:
            made, took = isolated(session, folder, binary, "rate", str(per_second), str(seconds)).split()[-2:]
            read = subprocess.run(f"babeltrace2 {folder} 2>{folder}/complaints | grep -c task_", shell=True,
                                  stdout=subprocess.PIPE, text=True)
            with open(folder + "/complaints") as file:
                said = sum(map(int, re.findall(r"Tracer discarded (\d+) events", file.read())))
        kept = int(read.stdout)
        lost = int(made) * 3 - kept
        say(f"bench: {name}: {made} tasks in {float(took):.2f} s, {kept} task events, {lost} lost, babeltrace2 says {said} discarded")
        if per_second == 300_000:
            report(f"LTTng: events lost at {name}", lost, "of " + str(int(made) * 3), 0)
        else:
            report(f"LTTng: {int(made) / float(took):,.0f} tasks/s: lost and not counted", max(0, lost - said), f"events; lost {lost}", 0)


def snapshot(binary):
    samples = [line.split() for line in call(binary, "snapshot", "64", "7").splitlines()]
    report("64 MiB snapshot", statistics.median(float(sample[0]) for sample in samples), "ms", 50)
    report("meanwhile: events of the worker", statistics.median(int(sample[1]) for sample in samples), "events")
    report("meanwhile: the worker's longest gap", statistics.median(float(sample[2]) for sample in samples), "ms")


SECTIONS = {"off": off, "log": log, "lttng": lttng, "rate": rate, "snapshot": snapshot}


def main():
    if sys.argv[1:2] == ["count"]:  # inside the session
        loop, binary = sys.argv[2:]
        print(json.dumps([instructions([loop, "COUNT"], 10_000, 30_000), instructions([binary, "marks", "COUNT"], 10_000, 30_000)]))
        return
    wanted = [word for word in sys.argv[1:] if word != "--require"] or list(SECTIONS)
    unknown = set(wanted) - set(SECTIONS)
    if unknown:
        sys.exit(f"bench: tracing has no part {' '.join(sorted(unknown))}; there are: {' '.join(SECTIONS)}")
    say("bench: building")
    binary = built(BENCHMARKS, "tracing")
    for name in wanted:
        SECTIONS[name](binary)
        clean()
    print("| what | measured | promised | |\n| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    if "--require" in sys.argv and any(row[-1] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
