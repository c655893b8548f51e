#!/usr/bin/env python3
"""wavec beside its peers: equal plans for each, carried out in turns, compared round by round.

    benches/peers/peers.py                        all shapes, five rounds
    benches/peers/peers.py independent -n 10000 -j 2 -j 16 --rounds 9
    benches/peers/peers.py --short                small and once: shows only that it runs
    benches/peers/peers.py dag -n 100000 --load   only reads the graph: `wavec check` beside `ninja nosuch`

Prints a table, and with `--json FILE` writes every measurement. What it leaves out stands in benches/README.md.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


# --- shapes: a list, by task, of the tasks that it needs -------------------------------------------------------------

def independent(count):
    return [[] for _ in range(count)]


def chain(count):
    return [[at - 1] if at else [] for at in range(count)]


def layered(count, width=200):
    """Waves of `width` tasks with a barrier between: each needs the barrier task before it."""
    needs = []
    barrier = None
    while len(needs) < count:
        wave = range(len(needs), min(len(needs) + width - 1, count - 1))
        needs += [[barrier] if barrier is not None else [] for _ in wave]
        needs.append(list(wave))
        barrier = len(needs) - 1
    return needs[:count]


def dag(count, each=3):
    """A random graph: each task needs up to three of the 500 before it. The same for the same count."""
    dice = random.Random(count)
    return [sorted({dice.randrange(max(0, at - 500), at) for _ in range(each)}) if at else [] for at in range(count)]


SHAPES = {"independent": (independent, 10000), "chain": (chain, 1000), "waves": (layered, 10000), "dag": (dag, 10000)}


# --- the same plan in each language ----------------------------------------------------------------------------------

def write_wave(needs):
    """The words `after` carry the order; all stand in one set."""
    lines = ["plan bench", "parallel {"]
    for at, deps in enumerate(needs):
        after = "; after " + ", ".join(f"t{dep}" for dep in deps) if deps else ""
        lines.append(f'  task t{at} {{ run "true"{after} }}')
    return "\n".join(lines + ["}", ""])


def write_titled(needs):
    """The same as people write it: about 150 bytes a task."""
    lines = ["plan bench", "parallel {"]
    for at, deps in enumerate(needs):
        after = "; after " + ", ".join(f"t{dep}" for dep in deps) if deps else ""
        title = f"Carry out step {at} of the plan and hand its result on to those that wait"
        lines.append(f'  task t{at} "{title}" {{ run "true"; timeout 5m{after} }}')
    return "\n".join(lines + ["}", ""])


def write_ninja(needs):
    lines = ["rule r", "  command = true"]
    lines += [f"build t{at}: r " + " ".join(f"t{dep}" for dep in deps) for at, deps in enumerate(needs)]
    return "\n".join(lines + [""])


def write_make(needs):
    lines = ["all: " + " ".join(f"t{at}" for at in range(len(needs)))]
    lines += [f"t{at}: " + " ".join(f"t{dep}" for dep in deps) + "\n\ttrue" for at, deps in enumerate(needs)]
    return "\n".join(lines + [""])


def write_just(needs):
    lines = ["[parallel]", "all: " + " ".join(f"t{at}" for at in range(len(needs)))]
    lines += [f"[parallel]\nt{at}: " + " ".join(f"t{dep}" for dep in deps) + "\n  @true" for at, deps in enumerate(needs)]
    return "\n".join(lines + [""])


def write_gotask(needs):
    lines = ["version: '3'", "tasks:", "  all:", "    deps: [" + ", ".join(f"t{at}" for at in range(len(needs))) + "]"]
    for at, deps in enumerate(needs):
        lines.append(f"  t{at}:\n    run: once\n    deps: [" + ", ".join(f"t{dep}" for dep in deps) + "]\n    cmds: ['true']")
    return "\n".join(lines + [""])


def write_lines(needs):
    return "true\n" * len(needs)


# name, file, writer, command, whether it knows an order at all, most tasks that it is asked for
def peers(wavec):
    return [
        ("ninja", "build.ninja", write_ninja, ["ninja", "-j{j}"], True, None),
        ("samurai", "build.ninja", write_ninja, ["samu", "-j{j}"], True, None),
        ("n2", "build.ninja", write_ninja, ["n2", "-j{j}"], True, None),
        ("make", "Makefile", write_make, ["make", "-s", "-j{j}", "all"], True, None),
        ("just", "justfile", write_just, ["just", "--jobs", "{j}", "all"], True, 1000),
        ("go-task", "Taskfile.yml", write_gotask, ["{task}", "-s", "-C", "{j}", "all"], True, 1000),
        ("parallel", "lines", write_lines, ["parallel", "-j{j}", "--joblog", "joblog", "-a", "lines"], False, 1000),
        ("xargs", "lines", write_lines, ["xargs", "-a", "lines", "-P{j}", "-I@", "true"], False, None),
        ("wavec", "plan.wave", write_wave, [wavec, "run", "plan.wave", "-w", "{j}"], True, None),
        ("wavec --strict", "plan.wave", write_wave, [wavec, "run", "plan.wave", "--strict", "-w", "{j}"], True, 1000),
    ]


# The same of what only reads the graph and ends.
def loaders(wavec):
    return [
        ("ninja", "build.ninja", write_ninja, ["ninja", "nosuch"], True, None),
        ("samurai", "build.ninja", write_ninja, ["samu", "nosuch"], True, None),
        ("n2", "build.ninja", write_ninja, ["n2", "nosuch"], True, None),
        ("wavec", "plan.wave", write_wave, [wavec, "check", "-q", "plan.wave"], True, None),
        ("wavec, told", "plan.wave", write_wave, [wavec, "check", "plan.wave"], True, None),
        ("wavec, titled", "plan.wave", write_titled, [wavec, "check", "-q", "plan.wave"], True, None),
    ]


def measure(command, directory):
    """Seconds by the clock and of the processors, and the largest process in MiB."""
    begin = time.perf_counter()
    # A child of ours begins as large as we are: GNU time stands between, and has a small one.
    if os.access("/usr/bin/time", os.X_OK):
        command = ["/usr/bin/time", "-q", "-o", "peak", "-f", "%M", *command]
    with open(directory / "output", "wb") as output:
        child = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    # There is no target `nosuch`, and so all that the peer does is to read.
    if child.returncode and command[-1] != "nosuch":
        tail = (directory / "output").read_bytes()[-2000:].decode(errors="replace")
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{tail}")
    peak = float((directory / "peak").read_text()) if (directory / "peak").exists() else usage.ru_maxrss
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak / 1024}


def compare(shape, needs, jobs, options, place):
    task = next((found for found in ("go-task", "task") if shutil.which(found)), "go-task")
    entries = []
    known = loaders if options.load else peers
    for name, file, writer, command, has_order, most in known(str(options.wavec)):
        words = [word.format(j=jobs, task=task) for word in command]
        is_there = shutil.which(words[0]) is not None
        fits = (has_order or not any(needs)) and (most is None or len(needs) <= most)
        if not is_there or not fits or (options.only and name not in options.only):
            continue
        directory = place / f"{shape}-{name.replace(' ', '').replace(',', '-')}"
        directory.mkdir(exist_ok=True)
        (directory / ".wavec").mkdir(exist_ok=True)
        (directory / file).write_text(writer(needs))
        entries.append((name, words, directory))
    rounds = {name: [] for name, _, _ in entries}
    for number in range(options.rounds):
        # Nobody always runs behind the same neighbour.
        turn = number % max(1, len(entries))
        for name, words, directory in entries[turn:] + entries[:turn]:
            rounds[name].append(measure(words, directory))
    base = rounds.get("ninja") or rounds["wavec"]
    print(f"\n{shape}, {len(needs)} tasks, -j{jobs}, {options.rounds} rounds; ratios to {'ninja' if 'ninja' in rounds else 'wavec'}, round by round")
    print(f"{'':16}{'wall s':>9}{'wall':>8}{'(least–most)':>16}{'cpu s':>9}{'cpu':>8}{'peak MiB':>10}")
    for name, _, _ in entries:
        ratio = {key: [mine[key] / other[key] for mine, other in zip(rounds[name], base)] for key in ("wall", "cpu")}
        median = {key: statistics.median(it[key] for it in rounds[name]) for key in ("wall", "cpu", "peak")}
        span = f"({min(ratio['wall']):.2f}–{max(ratio['wall']):.2f})"
        print(f"{name:16}{median['wall']:9.3f}{statistics.median(ratio['wall']):8.2f}{span:>16}"
              f"{median['cpu']:9.3f}{statistics.median(ratio['cpu']):8.2f}{median['peak']:10.1f}", flush=True)
    return {"shape": shape, "tasks": len(needs), "jobs": jobs, "rounds": rounds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("-n", "--tasks", type=int)
    parser.add_argument("-j", "--jobs", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", metavar="PEER", help="leave the others out")
    parser.add_argument("--short", action="store_true", help="40 tasks, once")
    parser.add_argument("--load", action="store_true", help="only read the graph")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--wavec", type=Path, default=HERE.parent.parent / "target/release/wavec")
    options = parser.parse_args()
    unknown = [shape for shape in options.shapes if shape not in SHAPES]
    if unknown:
        parser.error(f"no such shape: {', '.join(unknown)}; there are {', '.join(SHAPES)}")
    if options.short:
        options.rounds, options.tasks = 1, options.tasks or 40
    options.wavec = options.wavec.resolve()
    results = []
    with tempfile.TemporaryDirectory(prefix="wavec-peers-") as place:
        for shape in options.shapes or SHAPES:
            make, usual = SHAPES[shape]
            for jobs in options.jobs or [2]:
                results.append(compare(shape, make(options.tasks or usual), jobs, options, Path(place)))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    sys.exit(main())
