"""A whole simulated study of trade in surveillance AI, with planted truth: see docs/data/simulated_materials.md."""

from eventpanel.datasets.simulated.materials import PLANTED, simulate_materials

__all__ = ["PLANTED", "simulate_materials"]
