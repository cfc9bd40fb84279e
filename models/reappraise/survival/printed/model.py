from __future__ import annotations
import pymc as pm
from reappraise.survival.printed.density import DATA
from reappraise.survival.printed.mode import OPEN
from reappraise.survival.printed.operation import PRINT_DENSITY
from reappraise.survival.printed.shares import parameters

def build(shapes, intervals):
    with pm.Model() as model:
        data = {name: pm.Data(name, shapes[name]) for name in (*DATA, "centre","factor")}
        free = pm.Flat("free", shape=parameters(intervals) + OPEN)
        point = data["centre"] + data["factor"] @ free
        pm.Potential("print", PRINT_DENSITY(point, *(data[k] for k in DATA))[0])
    return model
