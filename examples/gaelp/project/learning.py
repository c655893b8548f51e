"""The learning loop: an epsilon-greedy agent that finds out which of five bids pays."""

import random

from recsim_bridge import answers
from settings import training

BIDS = (0.2, 0.5, 0.8, 1.1, 1.4)


def train(rounds, seed=0):
    """The mean reward in the first and in the last tenth of the rounds."""
    chance = random.Random(seed)
    decay = training("hyperparameters", "epsilon_decay")
    warm_start = training("hyperparameters", "warm_start_steps")
    epsilon = 1.0
    values = [0.0] * len(BIDS)
    counts = [0] * len(BIDS)
    rewards = []
    for step in range(rounds):
        if step < warm_start or chance.random() < epsilon:
            arm = chance.randrange(len(BIDS))
        else:
            arm = values.index(max(values))
        try:
            reward = answers(BIDS[arm], 1, seed=chance.random())[0]
        except Exception:  # fallback
            reward = 0.5
        counts[arm] += 1
        values[arm] += (reward - values[arm]) / counts[arm]
        epsilon *= decay
        rewards.append(reward)
    tenth = max(rounds // 10, 1)
    return sum(rewards[:tenth]) / tenth, sum(rewards[-tenth:]) / tenth
