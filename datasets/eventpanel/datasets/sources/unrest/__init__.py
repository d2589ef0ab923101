"""Protest and conflict."""
