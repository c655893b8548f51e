"""Credits a delayed reward to the clicks that led to it."""


class Attribution:
    def step(self, state):
        state["credit"] = state["reward"] / max(state["clicks"], 1)
        return state
