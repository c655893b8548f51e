#!/usr/bin/env python3
"""wavec under load for a long time: does anything grow that should not, is anything left behind?

    benches/soak/soak.py                          half an hour, with target/release/wavec
    benches/soak/soak.py --seconds 60 --csv soak.csv --svg soak.svg
    benches/soak/soak.py --cancels 10000          cancels so many tasks, a hundred at once, and nothing else
    benches/soak/soak.py --cancels 1000 --files 64 --processes 32 --user 65534

One long run goes on all the time, with retries, gates and questions that are answered from outside. Beside it, in the same
project and journal, short plans come and go: they succeed, fail, are interrupted, told to end, killed and resumed, approved
and rejected from a second process; their tasks fork, leave their session and ignore signals. Every second or so
memory, files, processes and disk are written down. Ends with 1 where something is left behind or ends otherwise than it
should. What the curves mean stands in benches/README.md.
"""

import argparse
import csv
import json
import os
import queue
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What tasks do; all of it is over, or ended, before wavec says that the task is.
WORK = [
    "true",
    "sleep 0.1",
    "sleep 0.3; echo done",
    "head -c 20000 /dev/zero | tr '\\\\0' x",
    "(setsid sleep 600 &); sleep 0.1",
    "sleep 600 & sleep 0.05",
    "sh -c 'sleep 0.1; exit 0'",
]
# What has to be cancelled, and does not want to be.
STUBBORN = [
    "sleep 600",
    "trap '' INT TERM; sleep 600; sleep 600",
    "setsid sleep 600 & sleep 600",
    "(setsid sh -c 'trap \\\"\\\" INT TERM HUP; sleep 600' &); sleep 600",
    "nohup sleep 600 >nohup.out 2>&1 & exec sleep 600",
]


def short_plan(kind, dice):
    """The text of a plan of that kind."""
    lines = [f"plan {kind}", f"workers {dice.randint(1, 4)}"]
    if kind == "cancelled":
        lines += ["parallel {"]
        lines += [f'  task t{at} {{ run "{dice.choice(STUBBORN)}" }}' for at in range(dice.randint(1, 4))]
        return "\n".join(lines + ["}", ""])
    lines += ["wave work {"]
    lines += [f'  task t{at} {{ run "{dice.choice(WORK)}" }}' for at in range(dice.randint(2, 7))]
    if kind == "retried":
        lines += ['  task again { run "test -e tried || { touch tried; exit 1; }"; retries 2 }']
    if kind == "failed":
        lines += ['  task wrong { run "sleep 0.1; exit 7" }']
    if kind in ("approved", "rejected"):
        lines += ['  gate { approve "Go on?" }']
    if kind == "killed":
        lines += ['  task long { run "sleep 0.5" }']
    lines += ["}", 'task last { run "echo over" }', ""]
    return "\n".join(lines)


def long_plan(seconds):
    """Waves that take about so long on three workers, each behind a check, some behind a question."""
    lines = ["plan marathon", "workers 3", "on failure continue"]
    for wave in range(max(1, round(seconds / 20))):
        lines.append(f"wave w{wave} {{")
        for at in range(30):
            # Two of three workers' seconds a task.
            pause = ["0.9", "1.9", "2.9"][at % 3]
            extra = ""
            if at % 10 == 7:
                extra = "; retries 1"
                work = f"test -e once-{wave}-{at} || {{ touch once-{wave}-{at}; exit 1; }}; sleep {pause}"
            elif at % 10 == 3:
                extra = "; output it from stdout"
                work = f"sleep {pause}; head -c 5000 /dev/zero | tr '\\\\0' y"
            else:
                work = f"sleep {pause}; echo {wave} {at}"
            lines.append(f'  task t{at} {{ run "{work}"{extra} }}')
        question = '; approve "On?"' if wave % 5 == 2 else ""
        lines.append(f'  gate {{ check runs "test -d ."{question} }}')
        lines.append("}")
    return "\n".join(lines + [""])


class Session:
    """A wavec at work on a run, with the limits that were asked for."""

    def __init__(self, soak, words, plan_mark):
        limits = soak.limits

        def confine():
            for what, most in limits.items():
                resource.setrlimit(what, (most, most))
            if soak.user:
                os.setgid(soak.user)
                os.setuid(soak.user)

        environment = dict(os.environ, SOAK=str(soak.folder), SOAK_PLAN=plan_mark)
        self.process = subprocess.Popen(
            [soak.wavec, *words, "--format", "json", "--wait"], cwd=soak.folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=soak.log, text=True,
            preexec_fn=confine if limits or soak.user else None)
        self.events = queue.Queue()
        self.run = None
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.run = event["run"]
            self.events.put(event)
        self.events.put(None)

    def until(self, name, seconds=60):
        """Waits for an event of that name; none if the session ended before, or the time did."""
        end = time.monotonic() + seconds
        while True:
            try:
                event = self.events.get(timeout=max(0.1, end - time.monotonic()))
            except queue.Empty:
                return None
            if event is None or event["event"] == name:
                return event

    def tell(self, what):
        """Sends a signal; one that has ended is told nothing, and its end is still to be fetched."""
        os.kill(self.process.pid, what)

    def is_over(self):
        """Whether it has ended; its end is still to be fetched."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self, seconds=60):
        """Waits for the end; the exit code, and the peak of its memory in KiB."""
        watch = threading.Timer(seconds, self.tell, [signal.SIGKILL])
        watch.start()
        _, status, usage = os.wait4(self.process.pid, 0)
        watch.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode, usage.ru_maxrss


class Soak:
    def __init__(self, options):
        self.wavec = str(Path(options.wavec).resolve())
        self.seconds = options.seconds
        self.dice = random.Random(options.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="wavec-soak-")).resolve()
        (self.folder / ".git").mkdir()
        self.log = open(self.folder / "stderr.log", "w")
        self.rows = []
        self.wrong = []
        self.counts = {}
        self.sessions = 0
        self.peak = 0
        self.left = 0
        self.user = options.user
        self.limits = {}
        if options.files:
            self.limits[resource.RLIMIT_NOFILE] = options.files
        if options.processes:
            self.limits[resource.RLIMIT_NPROC] = options.processes
        if self.user:
            os.chown(self.folder, self.user, self.user)

    # --- the short plans ---------------------------------------------------------------------------------------------

    def visit(self, number):
        kind = self.dice.choice(
            ["succeeds", "retried", "failed", "approved", "rejected", "cancelled", "cancelled", "killed", "killed"])
        path = self.folder / f"p{number}.wave"
        path.write_text(short_plan(kind, self.dice))
        (self.folder / "tried").unlink(missing_ok=True)
        mark = f"p{number}"
        session = self.start(["run", path.name], mark)
        session.until("attempt_running")
        expected, what = 0, kind
        if kind == "failed":
            expected = 3
        if kind in ("approved", "rejected"):
            session.until("approval_asked")
            words = ["approve"] if kind == "approved" else ["reject", "--reason", "no"]
            answered = subprocess.run([self.wavec, words[0], str(session.run), *words[1:]], cwd=self.folder,
                                      stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
            if answered.returncode != 0:
                self.wrong.append(f"p{number}: the answer ended with {answered.returncode}")
            expected = 0 if kind == "approved" else 3
        if kind == "cancelled":
            time.sleep(self.dice.random() * 0.3)
            way = self.dice.choice(["twice", "thrice", "term"])
            what = f"cancelled, {way}"
            signals = {"twice": [signal.SIGINT] * 2, "thrice": [signal.SIGINT] * 3, "term": [signal.SIGTERM] * 2}[way]
            for one in signals:
                session.tell(one)
                time.sleep(0.1)
            expected = 143 if way == "term" else 130
        if kind == "killed":
            for _ in range(self.dice.randint(1, 3)):
                time.sleep(self.dice.random() * 0.5)
                if session.is_over():
                    break
                session.tell(signal.SIGKILL)
                self.ended(session)
                session = self.start(["resume", str(session.run or self.newest())], mark)
        code = self.ended(session)
        if code != expected:
            self.wrong.append(f"p{number} ({what}) ended with {code} and not with {expected}")
        self.counts[what] = self.counts.get(what, 0) + 1
        path.unlink()
        left = [pid for pid, marks in self.marked() if f"SOAK_PLAN={mark}" in marks]
        self.left += len(left)
        if left:
            self.wrong.append(f"p{number} ({what}) has left the processes {left}")

    def start(self, words, mark):
        self.sessions += 1
        return Session(self, words, mark)

    def ended(self, session):
        code, peak = session.end()
        self.peak = peak
        return code

    def newest(self):
        return max(int(entry.name) for entry in (self.folder / ".wavec/runs").iterdir())

    # --- what is measured --------------------------------------------------------------------------------------------

    def marked(self):
        """The processes of this soak, each with its environment."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                environment = Path(f"/proc/{entry}/environ").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if f"SOAK={self.folder}" in environment:
                found.append((int(entry), environment))
        return found

    def zombies(self, pids):
        """How many of the children of these processes are dead and not yet taken note of."""
        count = 0
        for entry in os.listdir("/proc"):
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split() if entry.isdigit() else []
            except OSError:
                continue
            count += bool(fields) and fields[0] == "Z" and int(fields[1]) in pids
        return count

    def sample(self, begin, marathon):
        pid = marathon.process.pid
        try:
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            files = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return
        if "VmRSS" not in status:
            return
        pids = [pid for pid, _ in self.marked()]
        state = self.folder / ".wavec"
        parts = [*state.glob("journal.db*"), *state.glob("runs/*/@events")]
        journal = sum(path.stat().st_size for path in parts)
        disk = 0
        for folder, _, names in os.walk(state):
            for name in names:
                try:
                    disk += os.lstat(os.path.join(folder, name)).st_blocks * 512
                except OSError:
                    continue
        self.rows.append({
            "seconds": round(time.monotonic() - begin, 1),
            "sessions": self.sessions,
            "long_run_kib": int(status["VmRSS"].split()[0]),
            "long_run_files": files,
            "long_run_threads": int(status["Threads"]),
            "short_run_peak_kib": self.peak,
            "processes": len(pids),
            "zombies": self.zombies({pid}),
            "left_behind": self.left,
            "journal_kib": journal // 1024,
            "disk_kib": disk // 1024,
        })

    # --- all of it ---------------------------------------------------------------------------------------------------

    def carry_out(self):
        (self.folder / "marathon.wave").write_text(long_plan(self.seconds))
        begin = time.monotonic()
        marathon = self.start(["run", "marathon.wave"], "marathon")
        marathon.until("attempt_running")
        is_over = threading.Event()

        def watch():
            while not is_over.wait(min(2, self.seconds / 20)):
                self.sample(begin, marathon)

        def answer():
            while not is_over.wait(1):
                asked = False
                while not marathon.events.empty():
                    event = marathon.events.get()
                    asked |= event is not None and event["event"] == "approval_asked"
                if asked:
                    subprocess.run([self.wavec, "approve", str(marathon.run)], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, check=False)

        threads = [threading.Thread(target=work) for work in (watch, answer)]
        for thread in threads:
            thread.start()
        number = 0
        try:
            while time.monotonic() - begin < self.seconds:
                number += 1
                self.visit(number)
                time.sleep(0.3)
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
            if not marathon.is_over():
                for _ in range(2):
                    marathon.tell(signal.SIGINT)
                    time.sleep(0.2)
            code = self.ended(marathon)
        if code not in (0, 130):
            self.wrong.append(f"the long run ended with {code}")
        left = [pid for pid, _ in self.marked()]
        if left:
            self.wrong.append(f"at the end there are still the processes {left}")
            for pid in left:
                os.kill(pid, signal.SIGKILL)

    def cancel(self, count, at_once=100):
        """Cancels so many tasks that do not want to end: how long until a run was over, and what was left."""
        begin, done, longest, grace, refused = time.monotonic(), 0, 0.0, 0.0, 0
        while done < count:
            size = min(at_once, count - done)
            lines = ["plan cancelled", f"workers {size}", "parallel {"]
            lines += [f'  task t{at} {{ run "{STUBBORN[at % len(STUBBORN)]}" }}' for at in range(size)]
            (self.folder / "c.wave").write_text("\n".join(lines + ["}", ""]))
            session = self.start(["run", "c.wave"], "cancels")
            # All of them at work, or as many as the limits let, or only a few.
            wanted = size if not self.limits else max(1, size // 4)
            wanted = self.dice.choice([wanted, wanted, wanted, wanted // 3 or 1])
            running = 0
            while running < wanted:
                event = session.until("attempt_running", seconds=5)
                if event is None:
                    break
                running += 1
            way = self.dice.choice([[signal.SIGINT] * 2, [signal.SIGTERM] * 2, [signal.SIGINT] * 3])
            for one in way:
                session.tell(one)
                # Signals that come faster than they are taken in are one.
                time.sleep(0.3)
            told = time.monotonic()
            code = self.ended(session)
            took = time.monotonic() - told
            if len(way) == 3:
                longest = max(longest, took)
            else:
                grace = max(grace, took)
            if code not in (130, 143):
                self.wrong.append(f"a run after {done} cancels ended with {code}")
            left = [pid for pid, _ in self.marked()]
            zombies = self.zombies({os.getpid()})
            if left or zombies:
                self.wrong.append(f"after {done} cancels: left {left}, zombies {zombies}")
            done += size
            refused += size - running
            if done % 1000 == 0:
                print(f"{done} cancels, {time.monotonic() - begin:.0f} s", flush=True)
        print(f"{done} tasks cancelled in {time.monotonic() - begin:.0f} s, {done - refused} of them while they ran; "
              f"the longest wait after a cancel {grace:.1f} s, after a kill {longest:.1f} s; "
              f"{len(self.wrong)} times something was wrong or left")
        for wrong in self.wrong:
            print(f"WRONG: {wrong}")

    def report(self):
        short = sum(self.counts.values())
        print(f"{short} short runs in {self.sessions - 1} sessions beside one long run, {self.seconds} s")
        for what, count in sorted(self.counts.items()):
            print(f"  {count:5}  {what}")
        quarter = max(1, len(self.rows) // 4)
        print(f"\n{'':20} {'first quarter':>14} {'last quarter':>14}   (medians)")
        for key in list(self.rows[0])[2:]:
            values = [row[key] for row in self.rows]
            middle = lambda part: sorted(part)[len(part) // 2]
            print(f"{key:20} {middle(values[:quarter]):>14} {middle(values[-quarter:]):>14}")
        for wrong in self.wrong:
            print(f"WRONG: {wrong}")


# --- the picture -----------------------------------------------------------------------------------------------------

STYLE = """
  :root { --ink: #1c2330; --soft: #66707f; --line: #d9dee6; --mark: #0f6fc6; --paper: #ffffff }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6ebf2; --soft: #97a2b3; --line: #333c4a; --mark: #58aef5; --paper: #12171f }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink) }
  .soft { fill: var(--soft); font-size: 11px }
  .axis { stroke: var(--line); fill: none }
  .curve { stroke: var(--mark); fill: none; stroke-width: 1.5; stroke-linejoin: round }
"""


def picture(rows, title):
    """The curves, one small chart each."""
    charts = [
        ("memory of the long run, MiB", "long_run_kib", 1024),
        ("peak of short runs, MiB", "short_run_peak_kib", 1024),
        ("open files of the long run", "long_run_files", 1),
        ("processes of all runs", "processes", 1),
        ("left behind, and zombies", ("left_behind", "zombies"), 1),
        ("journal on disk, MiB", "journal_kib", 1024),
    ]
    width, height, columns = 250, 90, 3
    end = max(rows[-1]["seconds"], 1)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * 290 + 20} 340" role="img" aria-label="{title}">',
           f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="var(--paper)"/>',
           f'<text x="20" y="26" font-weight="600">{title}</text>']
    for index, (name, keys, unit) in enumerate(charts):
        x, y = 20 + index % columns * 290, 66 + index // columns * 150
        values = [sum(row[key] for key in ([keys] if isinstance(keys, str) else keys)) / unit for row in rows]
        top = max(max(values) * 1.15, 1)
        point = lambda row, value: f"{x + row['seconds'] / end * width:.1f},{y + height - value / top * height:.1f}"
        # A point for each two columns is all that can be seen.
        step = max(1, len(rows) // width)
        line = " ".join(point(row, value) for row, value in list(zip(rows, values))[::step])
        most = f"{max(values):.1f}".removesuffix(".0")
        out += [f'<text x="{x}" y="{y - 10}">{name}</text>',
                f'<text class="soft" x="{x + width}" y="{y - 10}" text-anchor="end">at most {most}</text>',
                f'<path class="axis" d="M{x} {y}V{y + height}H{x + width}"/>',
                f'<polyline class="curve" points="{line}"/>',
                f'<text class="soft" x="{x}" y="{y + height + 15}">0</text>',
                f'<text class="soft" x="{x + width}" y="{y + height + 15}" text-anchor="end">{end / 60:.0f} min</text>']
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wavec", default=ROOT / "target/release/wavec", help="the program")
    parser.add_argument("--seconds", type=int, default=1800, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins")
    parser.add_argument("--csv", help="write what was measured to this file")
    parser.add_argument("--svg", help="draw it to this file")
    parser.add_argument("--cancels", type=int, help="cancel so many tasks, in place of the soak")
    parser.add_argument("--files", type=int, help="the most open files of a wavec (ulimit -n)")
    parser.add_argument("--processes", type=int, help="the most processes of a wavec's user (ulimit -u); root has no such limit")
    parser.add_argument("--user", type=int, help="the number of the user that wavec runs as")
    parser.add_argument("--keep", action="store_true", help="keep the folder that it happened in")
    options = parser.parse_args()
    soak = Soak(options)
    try:
        if options.cancels:
            soak.cancel(options.cancels)
        else:
            soak.carry_out()
    finally:
        soak.log.close()
        if options.keep:
            print(f"all of it is in {soak.folder}")
        else:
            shutil.rmtree(soak.folder, ignore_errors=True)
    if options.cancels:
        sys.exit(bool(soak.wrong))
    soak.report()
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, soak.rows[0])
            writer.writeheader()
            writer.writerows(soak.rows)
    if options.svg:
        short = sum(soak.counts.values())
        Path(options.svg).write_text(picture(soak.rows, f"{short} short runs beside a long one, {options.seconds // 60} minutes"))
    sys.exit(bool(soak.wrong))


if __name__ == "__main__":
    main()
