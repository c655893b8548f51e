"""The display channel."""


def conversion_rate(conversions, clicks, impressions):
    return conversions / impressions
