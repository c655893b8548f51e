#!/usr/bin/env python3
"""What wavec adds to git's own work for tasks in worktrees and copies, by the number of files in the repository.

    python3 benches/trees.py target/release/wavec [FILES ...]

By hand: `git worktree add`, a change of one line, a commit, and a merge into the branch that the worktree came from. wavec: the whole run of a
plan with one such task, less the same run with `isolation shared`; then of nine tasks side by side. The median of three.

Then how long nine agents wait for their worktrees: nine of them made by hand, one after another; of a first wave, until the first and the
ninth agent run; and of a wave that comes after another, whose worktrees were made meanwhile.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TURNS = 3


def git(folder, *words):
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def repository(files):
    folder = tempfile.mkdtemp(prefix="wavec-bench-")
    for number in range(files):
        directory = os.path.join(folder, f"d{number // 100}")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, f"f{number % 100}.txt"), "w") as file:
            file.write(f"line {number}\n" * 40)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "bench")
    git(folder, "config", "user.email", "bench@example.org")
    git(folder, "config", "gc.auto", "0")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")
    return folder


def by_hand(folder, turn):
    tree = f"{folder}-tree"
    begin = time.perf_counter()
    git(folder, "worktree", "add", "-q", "-b", f"work{turn}", tree)
    with open(f"{tree}/d0/f0.txt", "a") as file:
        file.write(f"{turn}\n")
    git(tree, "commit", "-q", "-a", "-m", "work")
    git(folder, "merge", "-q", "--no-ff", "-m", "merge", f"work{turn}")
    end = time.perf_counter()
    git(folder, "worktree", "remove", "--force", tree)
    git(folder, "reset", "-q", "--hard", "HEAD^1")
    return end - begin


def run(wavec, folder, isolation, tasks):
    plan = f"plan bench\nisolation {isolation}\nwave all {{\n"
    for number in range(tasks):
        path = f"d{number}/f0.txt"
        plan += f'  task t{number} {{ run "echo x >> {path}"  writes "{path}" }}\n'
    with open(f"{folder}/bench.wave", "w") as file:
        file.write(plan + "}\n")
    words = [wavec, "run", "bench.wave", "-q", "--allow-dirty", "--workers", str(tasks)]
    begin = time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin


def nine_by_hand(folder):
    begin = time.perf_counter()
    for number in range(9):
        git(folder, "worktree", "add", "-q", "--detach", f"{folder}-tree{number}")
    end = time.perf_counter()
    for number in range(9):
        git(folder, "worktree", "remove", "--force", f"{folder}-tree{number}")
    return end - begin


def waits(wavec, folder, pause):
    """When the agents of a first and of a later wave run, in seconds: the first one and the ninth."""
    wave = "".join(f'  task t{number} {{ run "sleep 1"  writes nothing }}\n' for number in range(9))
    plan = f"plan waits\nisolation worktree\nwave one {{\n{wave}}}\nwave two {{ task pause {{ isolation shared  run \"sleep {pause}\" }} }}\n"
    with open(f"{folder}/waits.wave", "w") as file:
        file.write(plan + f"wave three {{\n{wave}}}\n")
    words = [wavec, "run", "waits.wave", "--format", "json", "--allow-dirty"]
    out = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout
    events = [json.loads(line) for line in out.splitlines()]

    def at(kind, task):
        times = [event["at"] for event in events if event["event"] == kind and event.get("task", "").startswith(task)]
        return [moment / 1000 for moment in times]

    begins = {"one.": at("attempt_starting", "one.")[0], "three.": at("attempt_starting", "three.")[0]}
    runs = {wave: [moment - begin for moment in at("attempt_running", wave)] for wave, begin in begins.items()}
    return [runs["one."][0], runs["one."][-1], runs["three."][0], runs["three."][-1]]


def median(measure):
    return statistics.median(measure(turn) for turn in range(TURNS))


def main():
    wavec = os.path.abspath(sys.argv[1])
    sizes = [int(size) for size in sys.argv[2:]] or [1000, 5000, 20000]
    print("| files | by hand | a worktree | times | nine worktrees, each | a copy |")
    print("|---|---|---|---|---|---|")
    rows = []
    for size in sizes:
        folder = repository(size)
        try:
            hand = median(lambda turn: by_hand(folder, turn))
            shared = median(lambda _: run(wavec, folder, "shared", 1))
            git(folder, "checkout", "-q", ".")
            one = median(lambda _: run(wavec, folder, "worktree", 1)) - shared
            nine = (median(lambda _: run(wavec, folder, "worktree", 9)) - shared) / 9
            run(wavec, folder, "copy", 1)
            copy = median(lambda _: run(wavec, folder, "copy", 1)) - shared
            cells = [hand, one, one / hand, nine, copy]
            shown = [f"{cell * 1000:.0f} ms" for cell in cells]
            shown[2] = f"{cells[2]:.2f}"
            print(f"| {size:,} | " + " | ".join(shown) + " |", flush=True)
            hand = nine_by_hand(folder)
            rows.append((size, hand, waits(wavec, folder, max(2, round(hand * 1.5)))))
        finally:
            shutil.rmtree(folder)
    print("\n| files | nine by hand | first wave: first agent | ninth | a later wave: first agent | ninth |\n|---|---|---|---|---|---|")
    for size, hand, cells in rows:
        print(f"| {size:,} | {hand:.1f} s | " + " | ".join(f"{cell:.1f} s" for cell in cells) + " |")


main()
