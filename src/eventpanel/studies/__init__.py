"""Built-in studies, readable as examples."""
