"""Reads what stands in `config/`."""

import json
from pathlib import Path

CONFIG = Path(__file__).resolve().parent / "config"


def bidding(name):
    return json.loads((CONFIG / "bidding.json").read_text())[name]


def training(section, name):
    return json.loads((CONFIG / "training.json").read_text())[section][name]
