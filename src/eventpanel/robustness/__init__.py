"""Robustness: one file a check; each yields parts, one runner runs them."""
