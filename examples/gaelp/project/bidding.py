"""What to bid."""

from settings import bidding

BASE_BID = 1.50
FLOOR_PRICE = 0.25


def base_bid():
    return max(BASE_BID, FLOOR_PRICE)
