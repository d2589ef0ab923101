"""What we do with the numbers: events, windows, designs, estimates and their uncertainty."""
