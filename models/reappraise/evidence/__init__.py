"""What a trial says of one effect, as a likelihood with all else integrated out, and what any prior makes of it."""
