"""Looks at the system without changing it, and prints what it finds as JSON."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))


def recsim():
    """RecSim answers by itself: no handler hides that it does not."""
    from recsim_bridge import answers

    handlers = (ROOT / "recsim_bridge.py").read_text().count("except")
    mean = sum(answers(1.4, 400)) / 400
    return handlers == 0 and 0.6 < mean < 0.8, {"handlers": handlers, "mean_answer": mean}


def learning():
    """The agent earns more at the end than at the beginning."""
    from learning import train

    first, last = train(4000)
    return last > first, {"first": first, "last": last, "improvement": last - first}


def convergence():
    """Five trainings end near each other."""
    from learning import train

    ends = [train(3000, seed)[1] for seed in range(5)]
    spread = max(ends) - min(ends)
    return spread <= baseline("most_spread"), {"ends": ends, "spread": spread}


def regression():
    """It earns no less than it did."""
    from learning import train

    reward = train(4000, seed=7)[1]
    return reward >= baseline("least_reward"), {"reward": reward, "least": baseline("least_reward")}


def readiness():
    """One auction goes through all nine components."""
    from gaelp_production_orchestrator import Orchestrator

    orchestrator = Orchestrator()
    state = orchestrator.cycle({"bid": 1.0, "clicks": 3, "reward": 2.0, "user": 17})
    return len(orchestrator.active()) == 9, {"active": orchestrator.active(), "facts": len(state)}


def safety():
    """After the emergency stop, no component acts."""
    from gaelp_production_orchestrator import Orchestrator

    orchestrator = Orchestrator()
    orchestrator.emergency_stop()
    before = {"bid": 1.0, "clicks": 3, "reward": 2.0, "user": 17}
    return orchestrator.cycle(before) == before, {"components": len(orchestrator.active())}


def tests():
    """The whole test suite."""
    import unittest

    suite = unittest.TestLoader().discover(str(ROOT / "tests"), top_level_dir=str(ROOT))
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    return result.wasSuccessful(), {"ran": result.testsRun, "failures": len(result.failures) + len(result.errors)}


def audit():
    """The settings that production will run with."""
    settings = {path.name: json.loads(path.read_text()) for path in sorted((ROOT / "config").glob("*.json"))}
    return bool(settings), {"settings": settings}


def baseline(name):
    return json.loads((ROOT / "data" / "baseline.json").read_text())[name]


if __name__ == "__main__":
    passed, facts = globals()[sys.argv[1]]()
    print(json.dumps({"verdict": "pass" if passed else "fail", **facts}, indent=2))
    sys.exit(0 if passed else 1)
