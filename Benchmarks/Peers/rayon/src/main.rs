// The problems of ../../Problems on rayon. usage: peer-rayon PROBLEM WORKERS [--size N] [--samples N]
use rayon::prelude::*;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::{sync_channel, Receiver};
use std::sync::Arc;

struct Options { problem: String, workers: usize, size: Option<i64>, samples: usize }

fn now() -> i64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec as i64 * 1_000_000_000 + t.tv_nsec as i64
}

fn resident_bytes() -> i64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as i64
}

impl Options {
    fn size(&self, standard: i64) -> i64 { self.size.unwrap_or(standard) }
    fn print(&self, value: f64, unit: &str, more: &str) {
        println!(
            "{{\"peer\": \"rayon\", \"problem\": \"{}\", \"workers\": {}, \"value\": {:.3}, \"unit\": \"{}\"{}}}",
            self.problem, self.workers, value, unit, more
        );
    }
    fn measure(&self, operations: i64, unit: &str, expected: i64, mut body: impl FnMut() -> i64) {
        for sample in 0..=self.samples {
            let began = now();
            let result = body();
            let nanoseconds = (now() - began) as f64;
            assert_eq!(result, expected, "wrong result");
            if sample > 0 { self.print(nanoseconds / operations as f64, unit, "") }
        }
    }
    fn print_latencies(&self, mut latencies: Vec<i64>) {
        latencies.sort_unstable();
        let p99 = latencies[latencies.len() * 99 / 100] as f64 / 1000.0;
        self.print(latencies[latencies.len() / 2] as f64 / 1000.0, "us p50", &format!(", \"p99\": {:.3}", p99));
    }
}

fn fibonacci(n: i64) -> i64 { (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0 }

fn fib(n: i64) -> i64 {
    if n < 2 { return n }
    let (right, left) = rayon::join(|| fib(n - 2), || fib(n - 1));
    left + right
}

// Two spawned tasks, both waited for; rayon has no futures.
fn nested(n: i64) -> i64 {
    if n < 2 { return n }
    let (mut left, mut right) = (0, 0);
    rayon::scope(|s| {
        s.spawn(|_| left = nested(n - 1));
        s.spawn(|_| right = nested(n - 2));
    });
    left + right
}

fn skynet(number: i64, size: i64) -> i64 {
    if size == 1 { number } else { children(number, size / 10, 0, 10) }
}
fn children(number: i64, size: i64, first: i64, end: i64) -> i64 {
    if end - first == 1 { return skynet(number + first * size, size) }
    let middle = (first + end) / 2;
    let (left, right) =
        rayon::join(|| children(number, size, first, middle), || children(number, size, middle, end));
    left + right
}

#[derive(Clone, Copy)]
struct Board { columns: u32, left: u32, right: u32 }
impl Board {
    fn placing(self, bit: u32) -> Board {
        Board { columns: self.columns | bit, left: (self.left | bit) << 1, right: (self.right | bit) >> 1 }
    }
    fn free(self, all: u32) -> u32 { !(self.columns | self.left | self.right) & all }
}
const EMPTY: Board = Board { columns: 0, left: 0, right: 0 };

fn placements(row: u32, rows: u32, board: Board) -> i64 {
    if row == rows { return 0 }
    let mut free = board.free((1 << rows) - 1);
    let mut sum = 0;
    while free != 0 {
        sum += 1 + placements(row + 1, rows, board.placing(free & free.wrapping_neg()));
        free &= free - 1;
    }
    sum
}
fn queens(board: Board, all: u32) -> i64 {
    if board.columns == all { return 1 }
    let free = board.free(all);
    if free == 0 { 0 } else { place(board, free, all) }
}
fn place(board: Board, free: u32, all: u32) -> i64 {
    let bit = free & free.wrapping_neg();
    let rest = free & (free - 1);
    if rest == 0 { return queens(board.placing(bit), all) }
    let (first, others) = rayon::join(|| queens(board.placing(bit), all), || place(board, rest, all));
    first + others
}

// A task with a result, from outside: a channel of one.
fn submit(pool: &rayon::ThreadPool, number: i64) -> Receiver<i64> {
    let (sender, receiver) = sync_channel(1);
    pool.spawn(move || sender.send(number).unwrap());
    receiver
}

fn thief_starts(pool: &rayon::ThreadPool, idle: i64, rounds: i64) -> Vec<i64> {
    pool.install(|| {
        let start = AtomicI64::new(0);
        (0..rounds)
            .map(|_| {
                let rest = now() + idle;
                while now() < rest {}
                start.store(0, Ordering::Relaxed);
                let began = now();
                rayon::join(
                    || while start.load(Ordering::Acquire) == 0 {},
                    || start.store(now(), Ordering::Release),
                );
                start.load(Ordering::Relaxed) - began
            })
            .collect()
    })
}

fn main() {
    let mut options = Options { problem: String::new(), workers: 0, size: None, samples: 5 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--size" => options.size = Some(arguments.next().unwrap().parse().unwrap()),
            "--samples" => options.samples = arguments.next().unwrap().parse().unwrap(),
            _ if options.problem.is_empty() => options.problem = argument,
            _ => options.workers = argument.parse().unwrap(),
        }
    }
    assert!(options.workers > 0, "usage: peer-rayon PROBLEM WORKERS [--size N] [--samples N]");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.workers).build().unwrap();
    match options.problem.as_str() {
        "fib" => {
            let n = options.size(32);
            options.measure(fibonacci(n + 1) - 1, "ns/join", fibonacci(n), || pool.install(|| fib(n)))
        }
        "nested" => {
            let n = options.size(22);
            options.measure(2 * (fibonacci(n + 1) - 1), "ns/future", fibonacci(n), || pool.install(|| nested(n)))
        }
        "skynet" => {
            let n = options.size(1_000_000);
            options.measure(n, "ns/leaf", n * (n - 1) / 2, || pool.install(|| skynet(0, n)))
        }
        "nqueens" => {
            let rows = options.size(11) as u32;
            let solutions = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712];
            options.measure(placements(0, rows, EMPTY), "ns/task", solutions[rows as usize], || {
                pool.install(|| queens(EMPTY, (1 << rows) - 1))
            })
        }
        "submit" => {
            let n = options.size(1_000_000);
            options.measure(n, "ns/task", n * (n - 1) / 2, || {
                let futures: Vec<_> = (0..n).map(|i| submit(&pool, i)).collect();
                futures.iter().map(|f| f.recv().unwrap()).sum()
            })
        }
        "pingpong" => {
            let n = options.size(100_000);
            for sample in 0..=options.samples {
                let mut latencies = Vec::with_capacity(n as usize);
                for i in 0..n {
                    let began = now();
                    assert_eq!(submit(&pool, i).recv().unwrap(), i);
                    latencies.push(now() - began);
                }
                if sample > 0 { options.print_latencies(latencies) }
            }
        }
        "map" => {
            let n = options.size(10_000_000);
            let input: Vec<i64> = (0..n).collect();
            options.measure(n, "ns/element", (n - 1) * (n - 1) + 1, || {
                let output: Vec<i64> = pool.install(|| input.par_iter().map(|x| x * x + 1).collect());
                output[output.len() - 1]
            })
        }
        "mem" => {
            let n = options.size(1_000_000);
            let held = Arc::new(AtomicUsize::new(0));
            let gates: Vec<_> = (0..options.workers)
                .map(|_| {
                    let (sender, receiver) = sync_channel::<()>(1);
                    let held = held.clone();
                    pool.spawn(move || {
                        held.fetch_add(1, Ordering::AcqRel);
                        receiver.recv().unwrap()
                    });
                    sender
                })
                .collect();
            while held.load(Ordering::Acquire) < options.workers {}
            // Touched before the measurement: the vector itself is not counted.
            let (_, unused) = sync_channel::<i64>(1);
            let mut futures: Vec<Option<Receiver<i64>>> = (0..n).map(|_| None).collect();
            futures[0] = Some(unused);
            let before = resident_bytes();
            for i in 0..n { futures[i as usize] = Some(submit(&pool, i)) }
            options.print((resident_bytes() - before) as f64 / n as f64, "bytes/task", "");
            for gate in gates { gate.send(()).unwrap() }
            let sum: i64 = futures.iter().map(|f| f.as_ref().unwrap().recv().unwrap()).sum();
            assert_eq!(sum, n * (n - 1) / 2);
        }
        "idle" => {
            for i in 0..1000 { submit(&pool, i).recv().unwrap(); }
            println!("{{\"ready\": true}}");
            loop { unsafe { libc::pause(); } }
        }
        "thief-spinning" | "thief-parked" => {
            let parked = options.problem == "thief-parked";
            let (idle, rounds) = if parked { (2_000_000, options.size(300)) } else { (0, options.size(20_000)) };
            for sample in 0..=options.samples {
                let latencies = thief_starts(&pool, idle, rounds);
                if sample > 0 { options.print_latencies(latencies) }
            }
        }
        other => { eprintln!("rayon: no problem {}", other); std::process::exit(2) }
    }
}
