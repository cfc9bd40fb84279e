from reappraise.fitting import *
