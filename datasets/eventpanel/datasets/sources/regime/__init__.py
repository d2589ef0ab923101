"""Political regimes."""
