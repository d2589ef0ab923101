"""Income, population and distance."""
