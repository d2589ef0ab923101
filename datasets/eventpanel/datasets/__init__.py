"""Where the numbers come from: readers, country codes, periods, merging and simulated panels."""
