"""Looks at what an advertisement says."""


class CreativeAnalyzer:
    def step(self, state):
        state["creative"] = "question" if state.get("headline", "").endswith("?") else "statement"
        return state
