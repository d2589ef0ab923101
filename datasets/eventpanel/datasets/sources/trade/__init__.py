"""Imports, deals and trade."""
