"""One process of a program, and the median of its samples."""
import json, os, shutil, signal, statistics, subprocess, tempfile, time
from programs import OURS, say

SECONDS_PER_PROCESS = 180
IDLE_SECONDS = 5
# glibc's malloc keeps what is freed, as Java's heap does: else each sample of a million futures would give 100 MB back to
# the kernel and fault them in again (400 ns a task instead of 160). The second setting says the same of single blocks above
# 128 KB, which malloc would map and unmap: the 80 MB of a map's result are 20,000 page faults, 30 ms.
# For every program; who sets it, or sets it empty, is heeded.
KEEP_MEMORY = "glibc.malloc.trim_threshold=4000000000:glibc.malloc.mmap_threshold=4000000000"


def cpu_nanoseconds(process):
    """What each thread of the process has used."""
    used = {}
    for task in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{task}/schedstat") as file:
                used[task] = int(file.read().split()[0])
        except FileNotFoundError:
            pass  # a thread that has ended meanwhile
    return used


def idle(command, environment):
    """CPU microseconds a second of a process that has nothing to do."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        if not process.stdout.readline():
            return None
        time.sleep(1)  # until it has settled
        before, began = cpu_nanoseconds(process.pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        # A thread that has ended meanwhile takes its count along: what it used since is not known.
        used = sum(now - before.get(task, 0) for task, now in cpu_nanoseconds(process.pid).items())
        return used / 1000 / (time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def sample(program, problem, workers, samples, size, log):
    """The median of one process's samples: (value, p99 or None), or None if it failed."""
    options = ["--samples", str(samples)] + (["--size", str(size)] if size else [])
    command = program.run(problem, workers, options, pinned=problem == "pingpong")
    environment = {"GLIBC_TUNABLES": KEEP_MEMORY, **os.environ, **program.environment}
    folder = None
    if log and program.name == OURS:
        folder = tempfile.mkdtemp(prefix="bench-log-")
        environment.update(CONCURRENT_FUTURES_LOG=folder, CONCURRENT_FUTURES_LOG_MODE="overwrite")
    try:
        if problem == "idle":
            value = idle(command, environment)
            return None if value is None else (value, None)
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
                                timeout=SECONDS_PER_PROCESS)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        if result.returncode or not lines:
            say(f"bench: {' '.join(command)}: exit code {result.returncode} {result.stderr.strip()[-400:]}")
            return None
        tails = [line["p99"] for line in lines if "p99" in line]
        return statistics.median(line["value"] for line in lines), statistics.median(tails) if tails else None
    except subprocess.TimeoutExpired:
        say(f"bench: {' '.join(command)}: not done in {SECONDS_PER_PROCESS} s")
        return None
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
