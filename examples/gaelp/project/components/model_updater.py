"""Takes new patterns into the model."""


class ModelUpdater:
    def __init__(self):
        self.patterns = 0

    def step(self, state):
        self.patterns += 1
        state["patterns"] = self.patterns
        return state
