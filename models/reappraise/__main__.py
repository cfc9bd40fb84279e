"""``python -m reappraise``: the command line."""

from reappraise.cli import main

main()
