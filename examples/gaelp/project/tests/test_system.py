"""What must hold in production."""

import unittest

import bidding
import learning
import pacing
import settings
from channels.display import conversion_rate
from dashboard import line
from gaelp_production_orchestrator import Orchestrator

AUCTION = {"bid": 1.0, "clicks": 4, "reward": 2.0, "user": 17}


class Components(unittest.TestCase):
    def setUp(self):
        self.orchestrator = Orchestrator()

    def test_all_nine_are_active(self):
        self.assertEqual(len(self.orchestrator.active()), 9)

    def test_a_delayed_reward_is_credited_to_its_clicks(self):
        self.assertEqual(self.orchestrator.cycle(AUCTION)["credit"], 0.5)

    def test_nobody_pays_more_than_the_bid(self):
        self.assertLessEqual(self.orchestrator.cycle(AUCTION)["price"], 1.0)

    def test_shadow_mode_changes_no_bid(self):
        self.assertEqual(self.orchestrator.cycle(AUCTION)["bid"], 1.0)

    def test_spending_is_paced(self):
        self.assertEqual(self.orchestrator.cycle(AUCTION)["hourly_cap"], 20.0)

    def test_the_emergency_stop_stops_everything(self):
        self.orchestrator.emergency_stop()
        self.assertEqual(self.orchestrator.cycle(AUCTION), AUCTION)


class Parameters(unittest.TestCase):
    def test_exploration_fades(self):
        self.assertLess(settings.training("hyperparameters", "epsilon_decay"), 1.0)

    def test_the_target_network_is_updated_every_thousand_steps(self):
        self.assertEqual(settings.training("target_network", "update_frequency"), 1000)

    def test_bids_come_from_the_configuration(self):
        self.assertEqual(bidding.base_bid(), settings.bidding("base_bid"))
        self.assertEqual(pacing.daily_cap(), settings.bidding("daily_cap"))


class Learning(unittest.TestCase):
    def test_the_agent_learns(self):
        first, last = learning.train(3000)
        self.assertGreater(last, first)


class Display(unittest.TestCase):
    def test_conversions_are_counted_by_click(self):
        self.assertEqual(conversion_rate(2, 100, 20000), 0.02)

    def test_the_dashboard_shows_percent(self):
        self.assertEqual(line("display", 2, 100, 20000), "display: 2.00%")


if __name__ == "__main__":
    unittest.main()
