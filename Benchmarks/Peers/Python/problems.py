# The problems of ../../Problems on Python's ThreadPoolExecutor, at sizes that end.
# usage: problems.py PROBLEM WORKERS [--size N] [--samples N]
import json, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

positional, options = [], {"--size": 0, "--samples": 5}
arguments = iter(sys.argv[1:])
for argument in arguments:
    if argument in options: options[argument] = int(next(arguments))
    else: positional.append(argument)
problem, workers = positional[0], int(positional[1])
samples = options["--samples"]
pool = ThreadPoolExecutor(workers)

def size(standard): return options["--size"] or standard
def say(value, unit, **more):
    print(json.dumps({"peer": "Python ThreadPoolExecutor", "problem": problem, "workers": workers, "value": round(value, 3),
                      "unit": unit, **more}), flush=True)
def resident():
    with open("/proc/self/statm") as file: return int(file.read().split()[1]) * 4096
def task(number): return number

if problem == "submit":
    count = size(20_000)
    for sample in range(samples + 1):
        began = time.monotonic_ns()
        futures = [pool.submit(task, number) for number in range(count)]
        assert sum(future.result() for future in futures) == count * (count - 1) // 2
        del futures
        if sample: say((time.monotonic_ns() - began) / count, "ns/task")
elif problem == "pingpong":
    count = size(10_000)
    for sample in range(samples + 1):
        latencies = []
        for number in range(count):
            began = time.monotonic_ns()
            pool.submit(task, number).result()
            latencies.append(time.monotonic_ns() - began)
        latencies.sort()
        if sample: say(latencies[count // 2] / 1000, "us p50", p99=latencies[count * 99 // 100] / 1000)
elif problem == "mem":
    count = size(20_000)
    gate, held = threading.Event(), threading.Semaphore(0)
    def hold():
        held.release()
        gate.wait()
    for _ in range(workers): pool.submit(hold)
    for _ in range(workers): held.acquire()
    futures = [None] * count
    before = resident()
    for number in range(count): futures[number] = pool.submit(task, number)
    say((resident() - before) / count, "bytes/task")
    gate.set()
    assert sum(future.result() for future in futures) == count * (count - 1) // 2
elif problem == "idle":
    for number in range(1000): pool.submit(task, number).result()
    print(json.dumps({"ready": True}), flush=True)
    threading.Event().wait()
else:
    sys.exit(f"Python: no problem {problem}")
