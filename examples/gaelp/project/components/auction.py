"""A second-price auction."""

from bidding import base_bid


class Auction:
    def step(self, state):
        state["price"] = min(state["bid"], base_bid())
        return state
