"""Individual data consistent with everything that was printed."""
