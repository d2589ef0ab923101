"""Figures of the checks, one kind a file."""
