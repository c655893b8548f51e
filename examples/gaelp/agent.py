#!/usr/bin/env python3
"""A scripted agent: carries out the orders of its prompt on the files of `gaelp/work`, for real.

It stands in for a coding agent, so that the plan runs anywhere and costs nothing. An order is a line of the prompt
that begins with `- `, or the title `Wire COMPONENT …`. It understands, and nothing else:

    Wire COMPONENT …                          into its section of the orchestrator
    - Set SECTION.KEY to VALUE in FILE        in a JSON file
    - Move NAME of FILE to KEY in FILE        a constant of a Python file into a JSON file
    - Replace `OLD` with `NEW` in FILE
    - Remove fallbacks from FILE
    - Write FILE:                             the indented lines that follow
    - Run `COMMAND` into FILE                 which then holds what it prints

How long it "thinks" is GAELP_MINUTES (of the plan's estimate) times GAELP_PACE (seconds a minute). GAELP_FAULT names
an order that it leaves out, or does badly, while it reports success: agents do that. `--mend FAULT` does it right.
"""

import fcntl
import json
import os
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLAN = HERE.parent  # paths in prompts are relative to the plan's directory
ORCHESTRATOR = "gaelp/work/gaelp_production_orchestrator.py"

# The fault, whose it is, the order that goes wrong, and how it goes wrong (None: left out).
FAULTS = {
    "wiring": (
        "shadow-mode-implementer",
        "Wire shadow_mode for safe testing",
        "Wire shadow_mode for safe testing, inactive",
    ),
    "hardcode": (
        "hardcode-eliminator",
        "Move DAILY_CAP of gaelp/work/pacing.py to daily_cap in gaelp/work/config/bidding.json",
        None,
    ),
    "ga4": (
        "real-ga4-connector",
        "Replace `return []` with `return list(csv.DictReader(EXPORT.open()))` in gaelp/work/ga4/connector.py",
        "Replace `return []` with `return [{'sessions': '0'}] * 3` in gaelp/work/ga4/connector.py",
    ),
}


def main():
    os.chdir(PLAN)
    if sys.argv[1:2] == ["--mend"]:
        return mend(sys.argv[2])
    prompt = Path(os.environ["WAVEC_PROMPT_FILE"]).read_text()
    orders = orders_of(prompt)
    if not orders:
        print("the prompt holds no order that this agent understands", file=sys.stderr)
        return 1
    agent = os.environ.get("WAVEC_AGENT", "")
    owner, faulty, instead = FAULTS.get(os.environ.get("GAELP_FAULT"), (None, None, None))
    pause = float(os.environ.get("GAELP_MINUTES", "0")) * float(os.environ.get("GAELP_PACE", "0"))
    done = []
    for order in orders:
        print(order.splitlines()[0], flush=True)
        time.sleep(pause / len(orders))
        is_faulty = agent == owner and order == faulty
        if not is_faulty:
            carry_out(order)
        elif instead is not None:
            carry_out(instead)
        done.append("done: " + order.splitlines()[0])
    if "WAVEC_RESULT_FILE" in os.environ:
        Path(os.environ["WAVEC_RESULT_FILE"]).write_text("\n".join(done) + "\n")
    return 0


def mend(fault):
    """Does right what the fault left undone."""
    if fault == "wiring":
        carry_out("Wire shadow_mode for safe testing")
    elif fault == "hardcode":
        carry_out(FAULTS["hardcode"][1])
    elif fault == "ga4":
        carry_out(FAULTS["ga4"][1].replace("return []", "return [{'sessions': '0'}] * 3", 1))
        carry_out("Run `python3 gaelp/work/ga4/pipeline.py` into gaelp/work/data/features.json")
    print(f"mended: {fault}")
    return 0


def orders_of(prompt):
    """The orders of a prompt, each with the indented lines that belong to it."""
    if not re.search(r"^- ", prompt, re.M):
        return re.findall(r"^Wire \w+ .*", prompt, re.M)
    return [order.rstrip() for order in re.findall(r"^- (.*(?:\n(?:    .*| *(?=\n)))*)", prompt, re.M)]


def carry_out(order):
    for pattern, function in ORDERS:
        match = re.fullmatch(pattern, order, re.S)
        if match:
            return function(*match.groups())
    sys.exit(f"this agent does not understand: {order}")


def wire(component, inactive):
    source = (PLAN / "gaelp/work/components" / f"{component}.py").read_text()
    name = re.search(r"^class (\w+)", source, re.M).group(1)
    active = ", active=False" if inactive else ""
    lines = [f"from components.{component} import {name}", "", f'self.wire("{component}", {name}(){active})']
    section = re.compile(rf"( *)# section: {component}\n.*?\n *# end section\n", re.S)

    def written(match):
        indent = match.group(1)
        body = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)
        return f"{indent}# section: {component}\n{body}{indent}# end section\n"

    edit(ORCHESTRATOR, lambda text: changed(section.subn(written, text), f"section {component}"))


def set_value(section, key, value, path):
    def update(text):
        data = json.loads(text)
        data[section][key] = json.loads(value)
        return json.dumps(data, indent=2) + "\n"

    edit(path, update)


def move(name, source, key, config):
    value = re.search(rf"^{name} = ([0-9.]+)$", (PLAN / source).read_text(), re.M)
    if not value:
        sys.exit(f"{source} has no constant {name}")

    def update(text):
        return json.dumps({**json.loads(text), key: float(value.group(1))}, indent=2) + "\n"

    edit(config, update)
    edit(source, lambda text: text.replace(value.group(0), f'{name} = bidding("{key}")'))


def replace(old, new, path):
    edit(path, lambda text: changed((text.replace(old, new), text.count(old)), old))


def remove_fallbacks(path):
    block = re.compile(r"^( *)try:\n((?:\1    .*\n)+)\1except Exception:  # fallback\n(?:\1    .*\n)+", re.M)
    edit(path, lambda text: changed(block.subn(lambda m: re.sub(r"^    ", "", m.group(2), flags=re.M), text), "fallback"))


def write(path, text):
    replace_file(PLAN / path, re.sub(r"^    ", "", text.strip("\n"), flags=re.M) + "\n")


def run(command, path):
    import subprocess  # only here: it takes as long to load as all the rest

    result = subprocess.run(command, shell=True, capture_output=True, text=True)
    sys.stderr.write(result.stderr)
    replace_file(PLAN / path, result.stdout)
    if result.returncode:
        sys.exit(f"{command} ended with {result.returncode}:\n{result.stdout}")


ORDERS = [
    (r"Wire (\w+)[^\n]*?(, inactive)?", wire),
    (r"Set (\w+)\.(\w+) to (\S+) in (\S+)", set_value),
    (r"Move (\w+) of (\S+) to (\w+) in (\S+)", move),
    (r"Replace `([^`]+)` with `([^`]+)` in (\S+)", replace),
    (r"Remove fallbacks from (\S+)", remove_fallbacks),
    (r"Write (\S+):\n(.*)", write),
    (r"Run `([^`]+)` into (\S+)", run),
]


def changed(text_and_count, what):
    text, count = text_and_count
    if not count:
        sys.exit(f"nothing to change: {what}")
    return text


def edit(path, change):
    """Changes the file while the lock of its folder is held: agents that edit different sections of one file take turns."""
    path = PLAN / path
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        replace_file(path, change(path.read_text()))
    finally:
        os.close(folder)


def replace_file(path, text):
    """Whoever reads the file sees the old text or the new, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
