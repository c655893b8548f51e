"""How fast to spend."""

from settings import bidding

DAILY_CAP = 480.0


def daily_cap():
    return DAILY_CAP
