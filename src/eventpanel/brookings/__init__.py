"""The study family ``brookings``: every table and figure of Beraja, Kao, Yang and Yuchtman (2023), NBER w31676."""
