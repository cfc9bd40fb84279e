"""Sampling of response models: one compilation per model, then every partition is new data through it."""

from __future__ import annotations

from functools import cache
from typing import Any

from reappraise.bayes.model import Data, ResponseModel
from reappraise.nuts import Sampled, compile_model, draw
from reappraise.sampling import Sampling


@cache
def compiled(model: ResponseModel, width: int) -> Any:
    """The compiled PyMC model for `width` levels: once per process, several seconds."""
    return compile_model(model.build(width))


def compilations() -> int:
    """How many models this process has compiled."""
    return compiled.cache_info().misses


def sample(model: ResponseModel, data: Data, sampling: Sampling, seed: int) -> Sampled:
    """Draw from the posterior of the model given the values of its data variables; see `nuts.draw`."""
    return draw(compiled(model, int(data["totals"].shape[0])), data, sampling, seed)
