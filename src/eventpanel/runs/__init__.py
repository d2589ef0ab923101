"""Output folders of earlier runs: read, made again, compared."""
