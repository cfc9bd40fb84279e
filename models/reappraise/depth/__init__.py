"""Depth of response: ordered categories of two arms, fitted, judged, and set beside the binary endpoints."""
