"""Several arms of a binary endpoint in one model: a control arm counted once, and effects that share a prior."""
