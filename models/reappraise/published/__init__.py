"""What was published about a trial: its file, its records, its long tables, and the facts in them."""
