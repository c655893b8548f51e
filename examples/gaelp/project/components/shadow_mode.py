"""Asks a second policy what it would have done, and does not do it."""


class ShadowMode:
    def step(self, state):
        state["shadow_bid"] = state["bid"] * 2
        return state
