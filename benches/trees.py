#!/usr/bin/env python3
"""What wavec adds to git's own work for tasks in worktrees and copies, by the number of files in the repository.

    python3 benches/trees.py target/release/wavec [FILES ...]

By hand: `git worktree add`, a change of one line, a commit, and a merge into the branch that the worktree came from. wavec: the whole run of a
plan with one such task, less the same run with `isolation shared`; then of nine tasks side by side. The median of five.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TURNS = 5


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


def median(measure):
    return statistics.median(measure(turn) for turn in range(TURNS))


def main():
    wavec = os.path.abspath(sys.argv[1])
    sizes = [int(size) for size in sys.argv[2:]] or [1000, 5000, 20000]
    print("| files | by hand | a worktree | times | nine worktrees, each | a copy |")
    print("|---|---|---|---|---|---|")
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
        finally:
            shutil.rmtree(folder)


main()
