"""The page that answers: one self-contained HTML file of everything that a run found out."""
