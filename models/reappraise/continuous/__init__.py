"""What is measured on a scale: means of the arms with their spread, and their difference."""
