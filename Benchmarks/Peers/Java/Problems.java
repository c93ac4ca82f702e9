// The problems of ../../Problems on Java's ForkJoinPool. usage: java Problems PROBLEM WORKERS [--size N] [--samples N]
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;
import java.util.function.LongSupplier;

public final class Problems {
  static String problem = "";
  static int workers;
  static long given = 0;
  static int samples = 5;
  /** Before the first sample: the just-in-time compiler's time. */
  static final long WARM_UP = 1_500_000_000L;

  static long size(long standard) { return given > 0 ? given : standard; }

  static void print(double value, String unit, double p99) {
    String more = p99 < 0 ? "" : String.format(", \"p99\": %.3f", p99);
    System.out.printf("{\"peer\": \"Java ForkJoinPool\", \"problem\": \"%s\", \"workers\": %d, \"value\": %.3f, "
        + "\"unit\": \"%s\"%s}%n", problem, workers, value, unit, more);
    System.out.flush();
  }

  static void measure(long operations, String unit, long expected, LongSupplier body) {
    long warm = System.nanoTime() + WARM_UP;
    for (int sample = 0; sample <= samples; sample++) {
      long began = System.nanoTime();
      long result = body.getAsLong();
      double nanoseconds = System.nanoTime() - began;
      if (result != expected) throw new IllegalStateException("wrong result " + result);
      if (sample == 0 && System.nanoTime() < warm) sample = -1;
      if (sample > 0) print(nanoseconds / operations, unit, -1);
    }
  }

  static long fibonacci(long n) {
    long a = 0, b = 1;
    for (; n > 0; n--) { long c = a + b; a = b; b = c; }
    return a;
  }

  // Results in fields: no boxing.
  static final class Fib extends RecursiveAction {
    final long n;
    long value;
    Fib(long n) { this.n = n; }
    @Override protected void compute() {
      if (n < 2) { value = n; return; }
      Fib left = new Fib(n - 1), right = new Fib(n - 2);
      left.fork();
      right.compute();
      left.join();
      value = left.value + right.value;
    }
  }

  static final class Nested extends RecursiveAction {
    final long n;
    long value;
    Nested(long n) { this.n = n; }
    @Override protected void compute() {
      if (n < 2) { value = n; return; }
      Nested left = new Nested(n - 1), right = new Nested(n - 2);
      left.fork();
      right.fork();
      right.join();
      left.join();
      value = left.value + right.value;
    }
  }

  static final class Skynet extends RecursiveAction {
    final long number, size;
    long value;
    Skynet(long number, long size) { this.number = number; this.size = size; }
    @Override protected void compute() {
      if (size == 1) { value = number; return; }
      Skynet[] children = new Skynet[10];
      for (int i = 9; i >= 0; i--) {
        children[i] = new Skynet(number + i * (size / 10), size / 10);
        if (i > 0) children[i].fork();
      }
      children[0].compute();
      long sum = children[0].value;
      for (int i = 1; i < 10; i++) { children[i].join(); sum += children[i].value; }
      value = sum;
    }
  }

  static final class Queens extends RecursiveAction {
    final int columns, left, right, all;
    Queens next;
    long value;
    Queens(int columns, int left, int right, int all, Queens next) {
      this.columns = columns; this.left = left; this.right = right; this.all = all; this.next = next;
    }
    @Override protected void compute() {
      if (columns == all) { value = 1; return; }
      int free = ~(columns | left | right) & all;
      if (free == 0) return;
      Queens forked = null;
      for (; (free & (free - 1)) != 0; free &= free - 1) {
        int bit = free & -free;
        forked = new Queens(columns | bit, (left | bit) << 1, (right | bit) >>> 1, all, forked);
        forked.fork();
      }
      Queens last = new Queens(columns | free, (left | free) << 1, (right | free) >>> 1, all, null);
      last.compute();
      long sum = last.value;
      for (; forked != null; forked = forked.next) { forked.join(); sum += forked.value; }
      value = sum;
    }
  }

  static long placements(int row, int rows, int columns, int left, int right) {
    if (row == rows) return 0;
    long sum = 0;
    for (int free = ~(columns | left | right) & ((1 << rows) - 1); free != 0; free &= free - 1) {
      int bit = free & -free;
      sum += 1 + placements(row + 1, rows, columns | bit, (left | bit) << 1, (right | bit) >>> 1);
    }
    return sum;
  }

  static final class Square extends RecursiveAction {
    final long[] from, to;
    final int first, end, grain;
    Square(long[] from, long[] to, int first, int end, int grain) {
      this.from = from; this.to = to; this.first = first; this.end = end; this.grain = grain;
    }
    @Override protected void compute() {
      if (end - first <= grain) {
        for (int i = first; i < end; i++) to[i] = from[i] * from[i] + 1;
        return;
      }
      int middle = (first + end) >>> 1;
      invokeAll(new Square(from, to, first, middle, grain), new Square(from, to, middle, end, grain));
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  public static void main(String[] arguments) throws Exception {
    for (int i = 0, place = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--size")) given = Long.parseLong(arguments[++i]);
      else if (arguments[i].equals("--samples")) samples = Integer.parseInt(arguments[++i]);
      else if (place++ == 0) problem = arguments[i];
      else workers = Integer.parseInt(arguments[i]);
    }
    ForkJoinPool pool = new ForkJoinPool(workers);
    switch (problem) {
      case "fib" -> {
        long n = size(32);
        measure(fibonacci(n + 1) - 1, "ns/join", fibonacci(n), () -> {
          Fib root = new Fib(n);
          pool.invoke(root);
          return root.value;
        });
      }
      case "nested" -> {
        long n = size(22);
        measure(2 * (fibonacci(n + 1) - 1), "ns/future", fibonacci(n), () -> {
          Nested root = new Nested(n);
          pool.invoke(root);
          return root.value;
        });
      }
      case "skynet" -> {
        long n = size(1_000_000);
        measure(n, "ns/leaf", n * (n - 1) / 2, () -> {
          Skynet root = new Skynet(0, n);
          pool.invoke(root);
          return root.value;
        });
      }
      case "nqueens" -> {
        int rows = (int) size(11);
        long[] solutions = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712};
        measure(placements(0, rows, 0, 0, 0), "ns/task", solutions[rows], () -> {
          Queens root = new Queens(0, 0, 0, (1 << rows) - 1, null);
          pool.invoke(root);
          return root.value;
        });
      }
      case "submit" -> {
        int n = (int) size(1_000_000);
        measure(n, "ns/task", (long) n * (n - 1) / 2, () -> {
          ForkJoinTask<Integer>[] futures = new ForkJoinTask[n];
          for (int i = 0; i < n; i++) {
            int number = i;
            futures[i] = pool.submit(() -> number);
          }
          long sum = 0;
          for (ForkJoinTask<Integer> future : futures) sum += future.join();
          return sum;
        });
      }
      case "pingpong" -> {
        int n = (int) size(100_000);
        long warm = System.nanoTime() + WARM_UP;
        for (int sample = 0; sample <= samples; sample++) {
          long[] latencies = new long[n];
          for (int i = 0; i < n; i++) {
            int number = i;
            long began = System.nanoTime();
            if (pool.submit(() -> number).join() != i) throw new IllegalStateException();
            latencies[i] = System.nanoTime() - began;
          }
          if (sample == 0 && System.nanoTime() < warm) sample = -1;
          Arrays.sort(latencies);
          if (sample > 0) print(latencies[n / 2] / 1000.0, "us p50", latencies[(int) (n * 99L / 100)] / 1000.0);
        }
      }
      case "map" -> {
        int n = (int) size(10_000_000);
        long[] input = new long[n];
        for (int i = 0; i < n; i++) input[i] = i;
        int grain = Math.max(1, n / (64 * workers));
        measure(n, "ns/element", (long) (n - 1) * (n - 1) + 1, () -> {
          long[] output = new long[n];
          pool.invoke(new Square(input, output, 0, n, grain));
          return output[n - 1];
        });
      }
      case "mem" -> {
        int n = (int) size(1_000_000);
        CountDownLatch held = new CountDownLatch(workers), gate = new CountDownLatch(1);
        for (int i = 0; i < workers; i++)
          pool.submit(() -> { held.countDown(); gate.await(); return 0; });
        held.await();
        ForkJoinTask<Integer>[] futures = new ForkJoinTask[n];
        Arrays.fill(futures, pool.submit(() -> 0));
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        long before = runtime.totalMemory() - runtime.freeMemory();
        for (int i = 0; i < n; i++) {
          int number = i;
          futures[i] = pool.submit(() -> number);
        }
        System.gc();  // what lives; the resident memory of a collected heap says nothing about one object
        print((double) (runtime.totalMemory() - runtime.freeMemory() - before) / n, "bytes/task", -1);
        gate.countDown();
        long sum = 0;
        for (ForkJoinTask<Integer> future : futures) sum += future.join();
        if (sum != (long) n * (n - 1) / 2) throw new IllegalStateException();
      }
      case "idle" -> {
        for (int i = 0; i < 1000; i++) { int number = i; pool.submit(() -> number).join(); }
        System.out.println("{\"ready\": true}");
        System.out.flush();
        Thread.sleep(Long.MAX_VALUE);
      }
      default -> { System.err.println("Java: no problem " + problem); System.exit(2); }
    }
    System.exit(0);
  }
}
