#!/usr/bin/env python3
"""The plan's own eyes on `gaelp/work`: what no agent writes, and so no agent can make say yes."""

import importlib
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
COMPONENTS = 9


def wired():
    """Every component is wired and active."""
    sys.path.insert(0, str(WORK))
    orchestrator = importlib.import_module("gaelp_production_orchestrator").Orchestrator()
    active = orchestrator.active()
    found = [f"{name} is wired but not active" for name in orchestrator.components if name not in active]
    print(f"{len(active)} of {COMPONENTS} components are wired and active")
    return found + ([] if len(orchestrator.components) == COMPONENTS else ["some components are not wired"]), "wiring"


def parameters():
    """The training parameters are in the range in which it learns."""
    training = json.loads((WORK / "config/training.json").read_text())
    limits = {
        "hyperparameters": {"epsilon_decay": (0.99, 0.999), "training_frequency": (1, 16), "warm_start_steps": (100, 1000)},
        "target_network": {"update_frequency": (1000, 1000)},
    }
    found = []
    for section, keys in limits.items():
        for key, (least, most) in keys.items():
            value = training[section][key]
            if not least <= value <= most:
                found.append(f"config/training.json: {section}.{key} is {value}, not in {least}..{most}")
    return found, None


def hardcoded():
    """No constant of the code is a number: numbers stand in config/."""
    found = []
    for path in sorted(WORK.rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.match(r"[A-Z][A-Z_]* *= *-?[0-9]", line):
                found.append(f"gaelp/work/{path.relative_to(WORK)}:{number}: {line}")
    return found, "hardcode"


def display():
    """Prints the conversion rate of the display channel for a campaign of which it is known."""
    sys.path.insert(0, str(WORK))
    print(importlib.import_module("channels.display").conversion_rate(conversions=2, clicks=100, impressions=20000))
    return [], None


def ga4():
    """The features come from every row of the export."""
    expected = len((WORK / "data/ga4_export.csv").read_text().splitlines()) - 1
    rows = json.loads((WORK / "data/features.json").read_text())["rows"]
    print(f"{rows} of {expected} rows of the GA4 export flow")
    return [] if rows == expected else ["the rows are not those of the export"], "ga4"


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    found, fault = globals()[sys.argv[1]]()
    for line in found:
        print(line)
    if found and fault:
        print(f"mend it: python3 {HERE.parent.name}/gaelp/agent.py --mend {fault} && wavec resume")
    sys.exit(1 if found else 0)
