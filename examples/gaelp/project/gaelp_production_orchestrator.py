"""The production orchestrator: takes each auction through every component that is wired."""

import sys


class Orchestrator:
    def __init__(self):
        self.components = {}
        self.is_stopped = False

        # section: attribution
        # attribution is not wired
        # end section

        # section: budget_optimizer
        # budget_optimizer is not wired
        # end section

        # section: creative_analyzer
        # creative_analyzer is not wired
        # end section

        # section: auction
        # auction is not wired
        # end section

        # section: segment_discovery
        # segment_discovery is not wired
        # end section

        # section: online_learner
        # online_learner is not wired
        # end section

        # section: shadow_mode
        # shadow_mode is not wired
        # end section

        # section: ab_testing
        # ab_testing is not wired
        # end section

        # section: model_updater
        # model_updater is not wired
        # end section

    def wire(self, name, component, active=True):
        self.components[name] = (component, active)

    def active(self):
        return sorted(name for name, (_, is_active) in self.components.items() if is_active)

    def cycle(self, state):
        """One auction: every active component sees the state and adds to it."""
        for name in self.active():
            if self.is_stopped:
                break
            state = self.components[name][0].step(dict(state))
        return state

    def emergency_stop(self):
        self.is_stopped = True


if __name__ == "__main__":
    orchestrator = Orchestrator()
    state = orchestrator.cycle({"bid": 1.0, "clicks": 3, "reward": 2.0, "user": 17})
    count = len(orchestrator.active())
    print(f"{count} of 9 components active, {len(state)} facts about one auction")
    sys.exit(0 if count == 9 else 1)
