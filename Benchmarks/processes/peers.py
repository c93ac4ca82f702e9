#!/usr/bin/env python3
"""The same problems in Python: concurrent.futures.ProcessPoolExecutor (fork and spawn) and loky, where installed.

usage: peers.py WORKERS start|crash|latency|tasks|map|bytes
"""
import multiprocessing
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor


def increment(number):
    return number + 1


def measure(data):
    return len(data)


def echo(data):
    return data


def crash():
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # loky's workers print their stacks
    os.abort()


def executors(workers):
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        yield "python-" + method, lambda context=context: ProcessPoolExecutor(workers, mp_context=context)
    try:
        from loky import ProcessPoolExecutor as Loky
    except ImportError:
        return
    yield "loky", lambda: Loky(workers)


def seconds(body):
    began = time.perf_counter()
    body()
    return time.perf_counter() - began


def report(peer, name, value, unit):
    print(f"{peer:12} {name:26} {value:12.1f} {unit}", flush=True)


def start(make):
    def once():
        pool = make()
        taken = seconds(lambda: pool.submit(increment, 1).result())
        pool.shutdown()
        return taken

    yield "start", statistics.median(once() for _ in range(5)) * 1e3, "ms"


def crashes(make):
    def once():
        pool = make()
        pool.submit(increment, 1).result()

        def crashing():
            try:
                pool.submit(crash).result()
            except Exception:
                pass

        taken = seconds(crashing)
        pool.shutdown()
        return taken

    yield "crash", statistics.median(once() for _ in range(5)) * 1e3, "ms"


def latency(make):
    with make() as pool:
        for _ in range(200):
            pool.submit(increment, 1).result()
        rounds = sorted(seconds(lambda: pool.submit(increment, 1).result()) for _ in range(3000))
        yield "latency-p50", rounds[len(rounds) // 2] * 1e6, "us"
        yield "latency-p99", rounds[len(rounds) * 99 // 100] * 1e6, "us"


def tasks(make):
    count = 10_000
    with make() as pool:

        def burst():
            for future in [pool.submit(increment, number) for number in range(count)]:
                future.result()

        yield "tasks", statistics.median(count / seconds(burst) for _ in range(3)), "tasks/s"


def mapped(make):
    count = 200_000
    with make() as pool:
        sum(pool.map(increment, range(1000), chunksize=100))
        yield "map-chunks-of-100", statistics.median(
            count / seconds(lambda: sum(pool.map(increment, range(count), chunksize=100))) for _ in range(3)
        ), "items/s"


def data(make):
    payload = bytes(64 << 20)
    with make() as pool:
        there = statistics.median(seconds(lambda: pool.submit(measure, payload).result()) for _ in range(5))
        both = statistics.median(seconds(lambda: pool.submit(echo, payload).result()) for _ in range(5))
        yield "argument-64MiB", len(payload) / there / 1e6, "MB/s"
        yield "argument-and-result-64MiB", 2 * len(payload) / both / 1e6, "MB/s"


sections = {"start": start, "crash": crashes, "latency": latency, "tasks": tasks, "map": mapped, "bytes": data}

if __name__ == "__main__":
    for peer, make in executors(int(sys.argv[1])):
        for name, value, unit in sections[sys.argv[2]](make):
            report(peer, name, value, unit)
