"""How pictures look: style, scales, sheets of intervals and of series, words. Nothing here knows a model."""
