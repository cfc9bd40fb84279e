"""Names beside points: each has room of its own, or none."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from reappraise.drawing.label_places import Box, Disc, place_labels


def test_labels_cover_nothing() -> None:
    rng = np.random.default_rng(8)
    centres, radii = rng.uniform(0.3, 3.7, (40, 2)), rng.uniform(0.02, 0.1, 40)
    discs = [Disc(*place, radius) for place, radius in zip(centres, radii, strict=True)]
    bounds = Box(0, 0, 5, 4)
    places = place_labels(discs[:12], [(0.6, 0.1)] * 12, clear_of=discs, bounds=bounds)
    held = [place for place in places if place is not None]
    assert len(held) == 12
    assert not any(one.meets(other) for one, other in combinations(held, 2))
    assert not any(place.covers(disc) for place in held for disc in discs)
    assert all(place.within(bounds) for place in held)
    assert place_labels(discs[:1], [(6.0, 0.1)], clear_of=discs, bounds=bounds) == (None,)
