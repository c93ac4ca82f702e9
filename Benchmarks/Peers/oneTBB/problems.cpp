// The problems of ../../Problems on oneTBB. usage: peer-tbb PROBLEM WORKERS [--size N] [--samples N]
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace tbb = oneapi::tbb;
using i64 = std::int64_t;

struct Options {
  std::string problem;
  int workers = 0;
  i64 size = 0;
  int samples = 5;
  i64 sized(i64 standard) const { return size ? size : standard; }
};
static Options options;

static i64 now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return i64(t.tv_sec) * 1000000000 + t.tv_nsec;
}
static i64 resident_bytes() {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2) abort();
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}
static void print(double value, const char *unit, double p99 = -1) {
  printf("{\"peer\": \"oneTBB\", \"problem\": \"%s\", \"workers\": %d, \"value\": %.3f, \"unit\": \"%s\"",
         options.problem.c_str(), options.workers, value, unit);
  if (p99 >= 0) printf(", \"p99\": %.3f", p99);
  puts("}");
  fflush(stdout);
}
static void measure(i64 operations, const char *unit, i64 expected, const std::function<i64()> &body) {
  for (int sample = 0; sample <= options.samples; sample++) {
    i64 began = now(), result = body();
    double nanoseconds = double(now() - began);
    if (result != expected) {
      fprintf(stderr, "oneTBB %s: wrong result\n", options.problem.c_str());
      exit(1);
    }
    if (sample) print(nanoseconds / double(operations), unit);
  }
}
static void print_latencies(std::vector<i64> &latencies) {
  std::sort(latencies.begin(), latencies.end());
  print(double(latencies[latencies.size() / 2]) / 1000, "us p50", double(latencies[latencies.size() * 99 / 100]) / 1000);
}

static i64 fibonacci(i64 n) {
  i64 a = 0, b = 1;
  for (; n > 0; n--) { i64 c = a + b; a = b; b = c; }
  return a;
}

static i64 fib(i64 n) {
  if (n < 2) return n;
  i64 left, right;
  tbb::task_group group;
  group.run([&] { left = fib(n - 1); });
  right = fib(n - 2);
  group.wait();
  return left + right;
}

static i64 nested(i64 n) {
  if (n < 2) return n;
  i64 left, right;
  tbb::task_group group;
  group.run([&] { left = nested(n - 1); });
  group.run([&] { right = nested(n - 2); });
  group.wait();
  return left + right;
}

static i64 skynet(i64 number, i64 size) {
  if (size == 1) return number;
  i64 sums[10], sum = 0;
  tbb::task_group group;
  for (i64 child = 1; child < 10; child++)
    group.run([&sums, number, size, child] { sums[child] = skynet(number + child * (size / 10), size / 10); });
  sums[0] = skynet(number, size / 10);
  group.wait();
  for (i64 part : sums) sum += part;
  return sum;
}

struct Board { uint32_t columns, left, right; };
static Board placing(Board b, uint32_t bit) { return {b.columns | bit, (b.left | bit) << 1, (b.right | bit) >> 1}; }
static i64 placements(int row, int rows, Board board) {
  if (row == rows) return 0;
  i64 sum = 0;
  for (uint32_t free = ~(board.columns | board.left | board.right) & ((1u << rows) - 1); free; free &= free - 1)
    sum += 1 + placements(row + 1, rows, placing(board, free & -free));
  return sum;
}
static i64 queens(Board board, uint32_t all) {
  if (board.columns == all) return 1;
  uint32_t free = ~(board.columns | board.left | board.right) & all;
  if (!free) return 0;
  i64 counts[32], sum = 0;
  int n = 0;
  tbb::task_group group;
  for (; free & (free - 1); free &= free - 1, n++) {
    Board next = placing(board, free & -free);
    group.run([next, all, count = &counts[n]] { *count = queens(next, all); });
  }
  counts[n++] = queens(placing(board, free), all);
  group.wait();
  for (int i = 0; i < n; i++) sum += counts[i];
  return sum;
}

// A task with a result, from outside: a promise in the enqueued functor.
struct Call {
  mutable std::promise<i64> promise;
  i64 number;
  void operator()() const { promise.set_value(number); }
};
static std::future<i64> submit(tbb::task_arena &arena, i64 number) {
  // Functors of an arena are copied; a promise only moves.
  auto call = std::make_shared<Call>(Call{{}, number});
  auto future = call->promise.get_future();
  arena.enqueue([call] { (*call)(); });
  return future;
}

int main(int argc, char **argv) {
  for (int i = 1, place = 0; i < argc; i++) {
    if (!strcmp(argv[i], "--size") && i + 1 < argc) options.size = atoll(argv[++i]);
    else if (!strcmp(argv[i], "--samples") && i + 1 < argc) options.samples = atoi(argv[++i]);
    else if (place == 0) options.problem = argv[i], place++;
    else options.workers = atoi(argv[i]), place++;
  }
  if (options.workers < 1) { fprintf(stderr, "usage: peer-tbb PROBLEM WORKERS [--size N] [--samples N]\n"); return 2; }
  const std::string &problem = options.problem;
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, size_t(options.workers) + 1);
  tbb::task_arena inside(options.workers, 1);    // the caller is one of its threads
  tbb::task_arena outside(options.workers, 0);   // for submissions from outside: workers only

  if (problem == "fib") {
    i64 n = options.sized(32);
    measure(fibonacci(n + 1) - 1, "ns/join", fibonacci(n), [&] { return inside.execute([&] { return fib(n); }); });
  } else if (problem == "nested") {
    i64 n = options.sized(22);
    measure(2 * (fibonacci(n + 1) - 1), "ns/future", fibonacci(n),
            [&] { return inside.execute([&] { return nested(n); }); });
  } else if (problem == "skynet") {
    i64 n = options.sized(1000000);
    measure(n, "ns/leaf", n * (n - 1) / 2, [&] { return inside.execute([&] { return skynet(0, n); }); });
  } else if (problem == "nqueens") {
    int rows = int(options.sized(11));
    static const i64 solutions[] = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712};
    measure(placements(0, rows, {0, 0, 0}), "ns/task", solutions[rows],
            [&] { return inside.execute([&] { return queens({0, 0, 0}, (1u << rows) - 1); }); });
  } else if (problem == "submit") {
    i64 n = options.sized(1000000);
    measure(n, "ns/task", n * (n - 1) / 2, [&] {
      std::vector<std::future<i64>> futures;
      futures.reserve(size_t(n));
      for (i64 i = 0; i < n; i++) futures.push_back(submit(outside, i));
      i64 sum = 0;
      for (auto &future : futures) sum += future.get();
      return sum;
    });
  } else if (problem == "pingpong") {
    i64 n = options.sized(100000);
    for (int sample = 0; sample <= options.samples; sample++) {
      std::vector<i64> latencies;
      latencies.reserve(size_t(n));
      for (i64 i = 0; i < n; i++) {
        i64 began = now();
        if (submit(outside, i).get() != i) abort();
        latencies.push_back(now() - began);
      }
      if (sample) print_latencies(latencies);
    }
  } else if (problem == "map") {
    i64 n = options.sized(10000000);
    std::unique_ptr<i64[]> input(new i64[size_t(n)]);
    for (i64 i = 0; i < n; i++) input[size_t(i)] = i;
    measure(n, "ns/element", (n - 1) * (n - 1) + 1, [&] {
      std::unique_ptr<i64[]> output(new i64[size_t(n)]);
      inside.execute([&] {
        tbb::parallel_for(tbb::blocked_range<i64>(0, n), [from = input.get(), to = output.get()](const auto &range) {
          for (i64 i = range.begin(); i != range.end(); i++) to[i] = from[i] * from[i] + 1;
        });
      });
      return output[size_t(n - 1)];
    });
  } else if (problem == "mem") {
    i64 n = options.sized(1000000);
    std::atomic<int> held{0};
    std::promise<void> gate;
    std::shared_future<void> opened = gate.get_future().share();
    for (int i = 0; i < options.workers; i++) outside.enqueue([&] { held++; opened.wait(); });
    while (held < options.workers) {}
    std::vector<std::future<i64>> futures(static_cast<size_t>(n));
    memset(static_cast<void *>(futures.data()), 0, futures.size() * sizeof futures[0]);
    i64 before = resident_bytes();
    for (i64 i = 0; i < n; i++) futures[size_t(i)] = submit(outside, i);
    print(double(resident_bytes() - before) / double(n), "bytes/task");
    gate.set_value();
    i64 sum = 0;
    for (auto &future : futures) sum += future.get();
    if (sum != n * (n - 1) / 2) abort();
  } else if (problem == "idle") {
    for (i64 i = 0; i < 1000; i++) submit(outside, i).get();
    puts("{\"ready\": true}");
    fflush(stdout);
    while (true) pause();
  } else {
    fprintf(stderr, "oneTBB: no problem %s\n", problem.c_str());
    return 2;
  }
}
