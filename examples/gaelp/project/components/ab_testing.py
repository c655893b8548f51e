"""Gives each user one of two policies."""


class AbTesting:
    def step(self, state):
        state["policy"] = "ab"[state["user"] % 2]
        return state
