"""A trial whose answers several programs print: patient by patient."""

import numpy as np

# Freireich 1963: weeks of remission of 21 pairs of children with leukaemia, placebo against 6-mercaptopurine.
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], dtype=float)
TREATED = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float)
TREATED_EVENT = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
TIME = np.concatenate([PLACEBO, TREATED])
EVENT = np.concatenate([np.ones(21, dtype=bool), TREATED_EVENT])
ARM = np.repeat([0, 1], 21).astype(np.int8)
