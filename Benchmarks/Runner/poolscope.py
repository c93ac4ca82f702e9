"""Tools/bench poolscope [--mib N] [--reps N] [--only PART,...] [--readme FILE] [--require]: how fast poolscope reads, in how much memory, how
small and quick its page is, and how well it predicts.

Parts: reading, memory, page (a log of N MiB made by Benchmarks/traces; 1024 is what the promises are about), lttng (needs
root: a session of its own, recorded at 300,000 tasks a second), predictions (pgzip and treesum, recorded here).

Reading speed is that of one core: the processor time, user and system, of `poolscope summary` on a log less that on a short
one (so that starting the program is not counted), beside `babeltrace2 -o dummy` on the same trace, in turns; the medians
count. Memory is anonymous memory, the most that was seen every 2 ms. Predictions: pgzip and treesum with one worker and with
two in turns: the replay at the recorded width, and the run on one worker as a forecast of the run on two. `--require` ends
with 1 where a promise is missed, or was not measured; `--readme` puts the table between its marks in a file."""
import json, os, random, re, signal, statistics, subprocess, sys, tempfile, time
import page as pages
from programs import BENCHMARKS, call, say, swift

ROOT = os.path.dirname(BENCHMARKS)
PATIENCE = 1800  # seconds for one command
rows = []


def report(what, value, unit, at_least=None, at_most=None):
    kept = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    limit = f"at least {at_least:g}" if at_least is not None else "" if at_most is None else f"at most {at_most:g}"
    number = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    rows.append((what, f"{number} {unit}", limit, "" if kept else "MISSED"))
    say(f"bench: {what}: {number} {unit}{'' if kept else '   MISSED'}")


def not_measured(what, why):
    rows.append((what, why, "", "NOT MEASURED"))
    say(f"bench: {what}: {why}")


def timed(*command, statuses=(0,)):
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
        if time.monotonic() - began > PATIENCE:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.002)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in statuses:
        sys.exit(f"bench: {' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, most / 1024


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def tool(name):
    return swift(os.path.join(ROOT, "Tools"), name)


class Traces:
    """Logs by their size; each is made once."""

    def __init__(self, folder):
        self.folder, self.made = folder, {}
        self.mebibytes = int(option("--mib", "1024"))

    def log(self, mebibytes):
        if mebibytes not in self.made:
            path = os.path.join(self.folder, f"{mebibytes}-mib")
            self.made[mebibytes] = path, int(call(swift(BENCHMARKS, "traces"), path, str(mebibytes)))
        return self.made[mebibytes]

    def whole(self):
        return self.log(self.mebibytes)

    def middle(self):
        return self.log(max(32, self.mebibytes // 4))

    def short(self):
        return self.log(4)


def reading(poolscope, traces):
    (short, short_events), (middle, middle_events) = traces.short(), traces.middle()
    speeds, theirs, ratios = [], [], []
    for turn in range(int(option("--reps", "5")) + 1):
        events = middle_events - short_events
        ours = events / (timed(poolscope, "summary", middle)[1] - timed(poolscope, "summary", short)[1])
        other = events / (timed("babeltrace2", "-o", "dummy", middle)[1] - timed("babeltrace2", "-o", "dummy", short)[1])
        if turn > 0:  # the first one brings the files into memory
            speeds.append(ours)
            theirs.append(other)
            ratios.append(ours / other)
    report("own log through the whole model, one core", statistics.median(speeds) / 1e6, "M events/s", at_least=20)
    report("babeltrace2 -o dummy, the same log", statistics.median(theirs) / 1e6, "M events/s")
    report("ratio, median of pairs", statistics.median(ratios), "times", at_least=7)


def memory(poolscope, traces):
    whole, events = traces.whole()
    timed(poolscope, "summary", whole)
    summaries = [timed(poolscope, "summary", whole) for _ in range(3)]
    size = f"{events / 1e6:.1f} M events, {traces.mebibytes} MiB"
    report(f"summary of {size}: anonymous memory", max(most for _, _, most in summaries), "MiB", at_most=256)
    report("the same: wall time", statistics.median(wall for wall, _, _ in summaries), "s", at_most=10)
    report("info of the same: wall time", statistics.median(timed(poolscope, "info", whole)[0] for _ in range(5)), "s",
           at_most=0.2)
    # Two lengths: what does not grow with the tasks is not theirs.
    paths = traces.middle()[0], whole if traces.mebibytes > 32 else traces.short()[0]
    counts = [json.loads(call(poolscope, "summary", "--json", path))["tasks"] for path in paths]
    for command in ("critical-path", "whatif"):
        # 1: the made-up run need not be one that the replay can predict; it is replayed all the same.
        (_, _, one), (wall, _, other) = (timed(poolscope, command, path, statuses=(0, 1)) for path in paths)
        report(f"{command}: memory a task", (other - one) * 2**20 / (counts[1] - counts[0]), "bytes", at_most=40)
        report(f"{command} of {size}: wall time", wall, "s")


def page(poolscope, traces):
    whole, events = traces.whole()
    found = pages.measure(poolscope, whole, traces.folder)
    size = f"page of {events / 1e6:.1f} M events"
    report(f"{size}: size", found["bytes"], "bytes", at_most=pages.LIMITS["bytes"])
    report(f"{size}: to the first drawing", found["ready_ms"], "ms", at_most=pages.LIMITS["ready_ms"])
    report(f"{size}: to the answer to a turn of the wheel", found["answer_ms"], "ms", at_most=pages.LIMITS["answer_ms"])
    report(f"{size}: slowest drawing", found["frame_ms"], "ms", at_most=pages.LIMITS["frame_ms"])


def lttng(poolscope, traces):
    if os.geteuid() != 0:
        return not_measured("LTTng trace: speed against babeltrace2 -o dummy", "needs root")
    from tracing import SESSION, isolated
    session = SESSION.replace("lttng enable-event", "lttng add-context -u -c pool -t vpid\nlttng enable-event")
    binary = swift(BENCHMARKS, "tracing")

    def make(seconds):
        path = os.path.join(traces.folder, f"lttng-{seconds}")
        isolated(session, path, binary, "rate", "300000", str(seconds))
        return path, json.loads(call(poolscope, "info", "--json", path))["events"]
    seconds = max(2, min(12, traces.mebibytes // 85))
    (short, short_events), (whole, events) = make(1), make(seconds)
    ratios, speeds, walls = [], [], []
    for turn in range(int(option("--reps", "5")) + 1):
        (_, start, _), (wall, ours, _) = timed(poolscope, "summary", short), timed(poolscope, "summary", whole)
        (_, first, _), (other, theirs, _) = (timed("babeltrace2", "-o", "dummy", path) for path in (short, whole))
        if turn > 0:
            ratios.append((theirs - first) / (ours - start))
            speeds.append((events - short_events) / (ours - start))
            walls.append(other / wall)
    report(f"LTTng trace of {events / 1e6:.1f} M events, one core", statistics.median(speeds) / 1e6, "M events/s")
    report("the same against babeltrace2 -o dummy", statistics.median(ratios), "times its speed", at_least=0.9)
    report("the same by wall time", statistics.median(walls), "times its speed", at_least=0.9)


def predictions(poolscope, traces):
    folder = traces.folder
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
    turns = int(option("--reps", "5"))
    for name, command in programs.items():
        calibration, forecast = [], []
        for turn in range(turns):
            found = {}
            for width in (1, 2):
                log = os.path.join(folder, f"{name}-{turn}-{width}")
                subprocess.run(command(width), env={**os.environ, "CONCURRENT_FUTURES_LOG": log}, check=True,
                               stdout=subprocess.DEVNULL, timeout=PATIENCE)
                # Where the replay does not fit, predictions are refused (status 1), and the error is said all the same.
                answer = subprocess.run([poolscope, "whatif", "--json", "--workers", "2", log], stdout=subprocess.PIPE,
                                        text=True, timeout=PATIENCE)
                found[width] = json.loads(answer.stdout)
                calibration.append(found[width]["calibration_error"])
            recorded = found[2]["recorded_ns"]
            foretold = found[1]["predictions"]
            forecast.append(abs(foretold[0]["predicted_ns"] - recorded) / recorded if foretold else 1)
        report(f"{name}: replay at the recorded width, error", 100 * max(calibration), f"%, the worst of {2 * turns}", at_most=5)
        report(f"{name}: one worker foretells two, error", 100 * statistics.median(forecast), f"%, the median of {turns}",
               at_most=10)


PARTS = {part.__name__: part for part in (reading, memory, page, lttng, predictions)}


def main():
    wanted = option("--only", ",".join(PARTS)).split(",")
    if unknown := set(wanted) - set(PARTS):
        sys.exit(f"bench: poolscope has no part {' '.join(sorted(unknown))}; there are: {' '.join(PARTS)}")
    before = os.getloadavg()[0]
    poolscope = tool("poolscope")
    with tempfile.TemporaryDirectory(prefix="cf-poolscope-") as folder:
        traces = Traces(folder)
        for name in wanted:
            began = time.monotonic()
            PARTS[name](poolscope, traces)
            say(f"bench: {name} took {time.monotonic() - began:.0f} s")
    table = "| what | measured | promised | |\n| --- | --- | --- | --- |\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
    table += f"\n{time.strftime('%Y-%m-%d')}, load average {before:.1f} before, {os.getloadavg()[0]:.1f} after."
    print(table)
    if readme := option("--readme", ""):
        with open(readme) as file:
            head, _, rest = file.read().partition("<!-- poolscope -->\n")
        with open(readme, "w") as file:
            file.write(head + "<!-- poolscope -->\n" + table + "\n<!-- /poolscope -->" + rest.partition("<!-- /poolscope -->")[2])
    if "--require" in sys.argv and any(row[3] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
