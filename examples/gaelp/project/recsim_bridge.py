"""Simulated users: how one answers to a bid."""

import random


def answers(bid, rounds, seed=0):
    try:
        users = random.Random(seed)
        return [1.0 if users.random() < bid / 2 else 0.0 for _ in range(rounds)]
    except Exception:  # fallback
        return [0.0] * rounds
