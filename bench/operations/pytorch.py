"""PyTorch beside the operations: reads cases as JSON, times each in a loop, writes a JSON line for each."""
import json
import sys
import time

import torch
import torch.nn.functional as F  # noqa: F401, the expressions of the cases use it
from torch import nn

RUN = 0.05e-3  # seconds: short calls are timed in runs of this length, as timing.ts does


class Snake(nn.Module):
    """PyTorch has none: as models write it."""

    def forward(self, x):
        alpha = torch.ones(1, x.shape[1], 1)
        return x + (alpha + 1e-9).reciprocal() * torch.sin(alpha * x).pow(2)


def shortest(run, budget):
    start = time.perf_counter()
    run()
    calls = max(1, min(10_000, round(RUN / max(time.perf_counter() - start, 1e-7))))
    best, deadline = float("inf"), time.perf_counter() + budget
    while time.perf_counter() < deadline:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        best = min(best, (time.perf_counter() - start) / calls)
    return best * 1e3


request = json.load(sys.stdin)
torch.set_num_threads(request["threads"])
torch.set_grad_enabled(False)
for case in request["cases"]:
    function = eval(case["torch"])
    x = torch.randn(case["shape"])
    print(json.dumps({"torch": torch.__version__, "ms": shortest(lambda: function(x), request["seconds"])}), flush=True)
