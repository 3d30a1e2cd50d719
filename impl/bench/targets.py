#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the library against its speed targets and against other block layers.

Called by ./dev bench. All programs run in turn, round after round, so that whatever else the machine does meets them
alike; what is printed are medians over the rounds. A peer that is not installed is said to be absent, and its rows are
not judged, which the last line says.

Exit status: 0 no firm target is missed, 1 some are, 2 wrong usage.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys

DEPTHS = (64, 1)
QEMU_REQUESTS = 200_000


def run_own(program, pattern):
    """One round of one of our benchmark programs: {name: {figure: value}}, times in ns."""
    output = subprocess.run(
        [program, f"--benchmark_filter={pattern}", "--benchmark_format=json", "--benchmark_min_time=0.1"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    figures = {}
    for entry in json.loads(output)["benchmarks"]:
        if entry["run_type"] != "iteration":
            continue
        scale = {"ns": 1, "us": 1e3, "ms": 1e6}[entry["time_unit"]]
        values = {key: value for key, value in entry.items() if isinstance(value, (int, float))}
        values["ns"] = entry["real_time"] * scale
        figures[entry["name"]] = values
    return figures


def run_qemu(depth):
    """Nanoseconds a request of `qemu-img bench` on a null device, `depth` in flight."""
    output = subprocess.run(
        ["qemu-img", "bench", "-c", str(QEMU_REQUESTS), "-d", str(depth), "-s", "4096", "--image-opts",
         "driver=null-co,size=1G"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r"completed in ([0-9.]+) seconds", output).group(1)) * 1e9 / QEMU_REQUESTS


def run_fio(depth):
    """Nanoseconds a request of fio's engine that does nothing, `depth` in flight."""
    output = subprocess.run(
        ["fio", "--name=null", "--ioengine=null", "--rw=randread", "--bs=4k", "--size=1g", f"--iodepth={depth}",
         "--time_based", "--runtime=1", "--output-format=json"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return 1e9 / json.loads(output)["jobs"][0]["read"]["iops"]


PEERS = {"qemu-img": ("qemu-utils", run_qemu), "fio": ("fio", run_fio)}


class Figures:
    """The medians of everything measured."""

    def __init__(self):
        self.samples = {}

    def add(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def __getitem__(self, name):
        return statistics.median(self.samples[name])

    def __contains__(self, name):
        return name in self.samples


class Row:
    """A target: `value` of the medians must not exceed (or, at_least, fall below) `firm`, and better `goal`."""

    def __init__(self, what, value, firm, goal, form, needs=(), at_least=False):
        self.what, self.value, self.firm, self.goal, self.form = what, value, firm, goal, form
        self.needs, self.at_least = needs, at_least

    def judge(self, figures):
        absent = [need for need in self.needs if need not in figures]
        if absent:
            return "", f"not judged: {', '.join(absent)} is absent"
        value = self.value(figures)
        meets = (lambda bound: value >= bound) if self.at_least else (lambda bound: value <= bound)
        return self.form(value), "goal" if meets(self.goal) else "firm" if meets(self.firm) else "MISSED"


def one_in(value):
    return f"1/{1 / value:.1f}"


def nanoseconds(value):
    return f"{value:.1f} ns"


def microseconds(value):
    return f"{value:.1f} us"


def milliseconds(value):
    return f"{value:.1f} ms"


def times(value):
    return f"{value:.2f} x"


def plain(value):
    return f"{value:.3g}"


def whole(value):
    return f"{value:,.0f}"


def size(value):
    return f"{value:.0f} B"


def percent(value):
    return f"{value * 100:.2f} %"


def request(in_flight, filters):
    return f"requests/in_flight:{in_flight}/filters:{filters} ns"


def per(figures, name, few, many):
    """What each further one costs, fixed costs aside."""
    return (figures[f"{name}/{many} ns"] - figures[f"{name}/{few} ns"]) / (many - few)


def begin_beyond_requests(figures, latency):
    """In microseconds, 99 of 100: a begin on one of the two loops, beyond the slowest request that it waits for."""
    name = f"drained_under_load/latency_us:{latency}/third_thread:0/iterations:500/manual_time"
    return figures[f"{name} beyond_p99_us"]


ROWS = [
    Row("request to a null driver, 64 in flight, of a request of qemu-img bench",
        lambda f: f[request(64, 0)] / f["qemu-img, 64 in flight"],
        1 / 15, 1 / 30, one_in, ["qemu-img, 64 in flight"]),
    Row("request to a null driver, 1 in flight, of a request of qemu-img bench",
        lambda f: f[request(1, 0)] / f["qemu-img, 1 in flight"],
        1 / 30, 1 / 60, one_in, ["qemu-img, 1 in flight"]),
    Row("each further passthrough node, of 64",
        lambda f: (f[request(64, 64)] - f[request(64, 0)]) / 64, 8, 3, nanoseconds),
    Row("each further passthrough node, of 1,000",
        lambda f: (f[request(64, 1000)] - f[request(64, 0)]) / 1000, 8, 3, nanoseconds),
    Row("accounting and gate check of a request, alone",
        lambda f: f["accounting ns"], 3, 1.2, nanoseconds),
    Row("two loops on one backend, of one loop",
        lambda f: f["two_loops_on_a_backend/iterations:5/real_time of_one_loop"], 1.9, 1.97, times, at_least=True),
    Row("allocations a request, steady state",
        lambda f: f["requests/in_flight:64/filters:0 allocations"], 0, 0, plain),
    Row("process-wide barriers a section or drain, 1 and 1,000 backends",
        lambda f: max(f[f"barriers_of_{what}/{n}/iterations:100 barriers"]
                      for what in ("drained", "isolate", "drain") for n in (1, 1000)), 1, 0, plain),
    Row("drained begin and end, each node of an idle chain of 1,000",
        lambda f: per(f, "drained_on_a_chain", 10, 1000), 20, 8, nanoseconds),
    Row("the same, of 100,000",
        lambda f: per(f, "drained_on_a_chain", 10, 100000), 20, 8, nanoseconds),
    Row("drained begin and end, ladder of 1,000 rungs",
        lambda f: f["drained_on_a_ladder/1000 ns"] / 1e3, 100, 30, microseconds),
    Row("isolate begin and end, each of 1,000 backends",
        lambda f: per(f, "isolate_among_backends", 1, 1000), 15, 8, nanoseconds),
    Row("attach and close beside 1,000 backends, of the same beside one",
        lambda f: f["attach_beside_backends/1000 ns"] / f["attach_beside_backends/1 ns"], 2, 1.5, times),
    Row("a chain of 10,000 nodes built",
        lambda f: f["build_a_chain/10000 ns"] / 1e6, 10, 3, milliseconds),
    Row("drained begin, two loops at full rate, p99 beyond the slowest request",
        lambda f: begin_beyond_requests(f, 0), 50, 15, microseconds),
    Row("the same with requests of 100 us",
        lambda f: begin_beyond_requests(f, 100), 50, 15, microseconds),
    Row("throughput lost beside a thousand drains a second of another backend",
        lambda f: 1 - f["beside_a_drain/iterations:20/real_time of_undisturbed"], 0.01, 0.001, percent),
    Row("memory of an idle backend, 16 loops", lambda f: f["memory/iterations:1 backend_bytes"], 1024, 512, size),
    Row("memory of a node, 16 loops", lambda f: f["memory/iterations:1 node_bytes"], 512, 256, size),
    Row("concurrent scenarios judged, a second and core", lambda f: f["concurrent_scenarios items_per_second"],
        8_000, 20_000, whole, at_least=True),
    Row("choice point of the simulator, the thread runs on", lambda f: f["choice_point_default_order/4 ns"], 60, 60,
        nanoseconds),
    Row("choice point of the simulator, with a switch",
        lambda f: f["switch_of_threads ns"] / f["switch_of_threads switches_per_iteration"], 250, 250, nanoseconds),
]


SOURCES = [
    ("accounting_bench_real", "accounting$"),
    ("barrier_bench_real", "."),
    ("request_bench_real", r"requests/in_flight:(1/filters:0|64/filters:(0|64|1000))$"),
    ("loops_bench_real", "."),
    ("section_bench_real",
     "drained_on_a_chain/|drained_on_a_ladder/1000$|isolate_among_backends/(1|1000)$|attach_beside|build_a_chain"),
    ("scenario_bench_sim", "concurrent_scenarios$"),
    ("sim_bench_sim", "choice_point_default_order/4$|switch_of_threads$"),
]

# What has a target under the sanitizers.
SANITIZED_ROWS = [
    Row("concurrent scenarios judged under ASan and UBSan, a second and core",
        lambda f: f["concurrent_scenarios items_per_second"], 2_000, 6_000, whole, at_least=True),
]
SANITIZED_SOURCES = [("scenario_bench_sim", "concurrent_scenarios$")]


def measure(directory, sources, peers, rounds):
    figures = Figures()
    for number in range(rounds):
        print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
        for program, pattern in sources:
            for name, values in run_own(f"{directory}/{program}", pattern).items():
                for key, value in values.items():
                    figures.add(f"{name} {key}", value)
        for name, run in peers.items():
            for depth in DEPTHS:
                figures.add(f"{name}, {depth} in flight", run(depth))
    print(file=sys.stderr)
    return figures


def print_requests(figures, rounds):
    print(f"nanoseconds a request, medians of {rounds} rounds")
    for depth in DEPTHS:
        print(f"  {f'blkdrain, {depth} in flight':24}  {figures[request(depth, 0)]:8.1f}")
        for name, (package, _) in PEERS.items():
            named = f"{name}, {depth} in flight"
            print(f"  {named:24}  " + (f"{figures[named]:8.1f}" if named in figures else f"absent (package {package})"))
    print()


def print_targets(rows, figures):
    """Whether a firm target is missed."""
    width = max(len(row.what) for row in rows)
    print(f"{'':{width}}  {'measured':>10}  {'firm':>10}  {'goal':>10}")
    missed, unjudged = [], []
    for row in rows:
        value, verdict = row.judge(figures)
        if verdict == "MISSED":
            missed.append(row.what)
        elif verdict not in ("goal", "firm"):
            unjudged.append(row.what)
        print(f"{row.what:{width}}  {value:>10}  {row.form(row.firm):>10}  {row.form(row.goal):>10}  {verdict}")
    print()
    print(f"firm targets missed: {'; '.join(missed)}" if missed else "no firm target is missed")
    if unjudged:
        print(f"not judged, for a peer is absent: {'; '.join(unjudged)}")
    return bool(missed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (7)")
    parser.add_argument("--sanitized", action="store_true",
                        help="the programs are built with the address and undefined-behaviour sanitizers: only what has "
                             "a target there")
    parser.add_argument("programs", help="the directory of the benchmark programs")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")

    if arguments.sanitized:
        figures = measure(arguments.programs, SANITIZED_SOURCES, {}, arguments.rounds)
        return 1 if print_targets(SANITIZED_ROWS, figures) else 0
    peers = {name: run for name, (_, run) in PEERS.items() if shutil.which(name)}
    figures = measure(arguments.programs, SOURCES, peers, arguments.rounds)
    print_requests(figures, arguments.rounds)
    return 1 if print_targets(ROWS, figures) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
