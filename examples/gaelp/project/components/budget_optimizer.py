"""Paces spending over the day."""

from pacing import daily_cap


class BudgetOptimizer:
    def step(self, state):
        state["hourly_cap"] = daily_cap() / 24
        return state
