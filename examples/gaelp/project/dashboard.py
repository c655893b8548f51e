"""What the dashboard shows."""

from channels.display import conversion_rate


def line(channel, conversions, clicks, impressions):
    rate = conversion_rate(conversions, clicks, impressions)
    return f"{channel}: {rate:.0f}%"
