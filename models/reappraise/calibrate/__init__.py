"""Simulation-based calibration, the frame alone: are 90% intervals right nine times in ten."""
