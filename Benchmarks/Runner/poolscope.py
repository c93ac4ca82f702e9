"""Tools/bench poolscope [--require] [--mib N] [--only reading|predictions]: how fast poolscope reads, in how much memory,
and how well it predicts.

The trace is made by Benchmarks/traces. Reading speed is that of one core: the processor time of `poolscope summary` on all
of it less that on a short one (so that starting the program is not counted), beside `babeltrace2 -o dummy` on the same
trace, in turns; the medians count. Predictions are checked on pgzip and treesum, recorded with one worker and with two in turns:
the replay at the recorded width, and the run on one worker as a forecast of the run on two. `--require` ends with 1 where a promise is missed."""
import json, os, random, re, statistics, subprocess, sys, tempfile, time
from programs import BENCHMARKS, call, say, swift

ROOT = os.path.dirname(BENCHMARKS)
rows = []


def report(what, value, unit, at_least=None, at_most=None):
    kept = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    limit = f"at least {at_least:g}" if at_least is not None else "" if at_most is None else f"at most {at_most:g}"
    rows.append((what, f"{value:.4g} {unit}", limit, "" if kept else "MISSED"))
    say(f"bench: {what}: {value:.4g} {unit}")


def timed(*command):
    """Wall time and processor time of a command in seconds, and the most anonymous memory it had in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        try:
            with open(f"/proc/{process.pid}/status") as file:
                found = re.search(r"RssAnon:\s+(\d+)", file.read())
            most = max(most, int(found.group(1)) if found else 0)
        except OSError:
            pass
        time.sleep(0.002)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, most / 1024


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def tool(name):
    return swift(os.path.join(ROOT, "Tools"), name)


def reading(poolscope, folder):
    mebibytes = int(option("--mib", "1024"))
    traces = swift(BENCHMARKS, "traces")

    def make(name, size):
        path = os.path.join(folder, name)
        return path, int(call(traces, path, str(size)))
    short, short_events = make("short", 4)
    whole, events = make("whole", mebibytes)
    middle, middle_events = make("middle", max(16, mebibytes // 8))
    for path in (whole, middle, short):
        timed(poolscope, "info", path)
    speeds, theirs, ratios = [], [], []
    for _ in range(5):
        start = timed(poolscope, "summary", short)[1]
        ours = (middle_events - short_events) / (timed(poolscope, "summary", middle)[1] - start)
        start = timed("babeltrace2", "-o", "dummy", short)[1]
        other = (middle_events - short_events) / (timed("babeltrace2", "-o", "dummy", middle)[1] - start)
        speeds.append(ours)
        theirs.append(other)
        ratios.append(ours / other)
    report("own log through the whole model, one core", statistics.median(speeds) / 1e6, "M events/s", at_least=20)
    report("babeltrace2 -o dummy, the same trace", statistics.median(theirs) / 1e6, "M events/s")
    report("ratio, median of pairs", statistics.median(ratios), "times", at_least=7)
    summaries = [timed(poolscope, "summary", whole) for _ in range(3)]
    size = f"{events / 1e6:.1f} M events, {mebibytes} MiB"
    report(f"summary of {size}: anonymous memory", max(most for _, _, most in summaries), "MiB", at_most=256)
    report("the same: wall time", statistics.median(wall for wall, _, _ in summaries), "s", at_most=10)
    report("info of the same: wall time", statistics.median(timed(poolscope, "info", whole)[0] for _ in range(5)), "s",
           at_most=0.2)
    # Two lengths: what does not grow with the tasks is not theirs.
    counts = [json.loads(call(poolscope, "summary", "--json", path))["tasks"] for path in (short, middle)]
    for command in ("critical-path", "whatif"):
        small, large = (timed(poolscope, command, path)[2] for path in (short, middle))
        report(f"{command}: memory a task", (large - small) * 2**20 / (counts[1] - counts[0]), "bytes", at_most=40)


def predictions(poolscope, folder):
    generator = random.Random(1)
    source = os.path.join(folder, "input")
    with open(source, "wb") as file:
        file.write(bytes(generator.getrandbits(5) for _ in range(1 << 20)) * 24)
    tree = os.path.join(folder, "tree")
    for number in range(400):
        os.makedirs(os.path.join(tree, str(number // 20)), exist_ok=True)
        with open(os.path.join(tree, str(number // 20), str(number)), "wb") as file:
            file.write(generator.randbytes(generator.randrange(1, 1 << 20)))
    programs = {"pgzip": lambda width: [tool("pgzip"), "-p", str(width), "-k", "-f", source],
                "treesum": lambda width: [tool("treesum"), "--threads", str(width), tree]}
    for name, command in programs.items():
        calibration, forecast = [], []
        for turn in range(5):
            found = {}
            for width in (1, 2):
                log = os.path.join(folder, f"{name}-{turn}-{width}")
                subprocess.run(command(width), env={**os.environ, "CONCURRENT_FUTURES_LOG": log}, check=True,
                               stdout=subprocess.DEVNULL)
                answer = subprocess.run([poolscope, "whatif", "--json", "--workers", "2", log], stdout=subprocess.PIPE, text=True)
                found[width] = json.loads(answer.stdout)
                calibration.append(found[width]["calibration_error"])
            recorded = found[2]["recorded_ns"]
            forecast.append(abs(found[1]["predictions"][0]["predicted_ns"] - recorded) / recorded)
        report(f"{name}: replay at the recorded width, error", 100 * max(calibration), "%, the worst of 10", at_most=5)
        report(f"{name}: one worker foretells two, error", 100 * statistics.median(forecast), "%, the median of 5", at_most=10)


def main():
    poolscope = tool("poolscope")
    with tempfile.TemporaryDirectory(prefix="cf-poolscope-") as folder:
        for part in (reading, predictions):
            if option("--only", part.__name__) == part.__name__:
                part(poolscope, folder)
    width = max(len(row[0]) for row in rows)
    for what, value, limit, verdict in rows:
        print(f"{what:{width}}  {value:>20}  {limit:>14}  {verdict}")
    print(f"load average {os.getloadavg()[0]:.1f}")
    if "--require" in sys.argv and any(row[3] for row in rows):
        sys.exit(1)


main()
