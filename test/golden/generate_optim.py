#!/usr/bin/env python3
"""Writes optim.json.gz: optimisers, schedules and clipped gradients of the real PyTorch (1.13), on a CPU with a fused multiply-add.

    /usr/bin/python3 test/golden/generate_optim.py

"steps" has cases of an optimiser: parameters with their dtype, shape and seed, groups, and options in camelCase. In step t, parameter i has
the gradient (rand(shape) - 0.5) * 4 after manual_seed(1000 * seed + 10 * t + i), or none where "skipped" has [t, i]. "assigned" changes
numbers of groups before a step. The results are the parameters after some steps, and the state dict in the middle.
"schedules" has the learning rates (and the momentum) of each group for each epoch, and the state dict in the middle.
"clipped" has gradients, the total norm and the clipped ones.
"""

import base64
import itertools
import math
import warnings

import torch
from torch.optim import SGD, Adam, AdamW, lr_scheduler
from torch_calls import DTYPES, packed, save, snake_case

warnings.simplefilter("ignore")
torch.set_num_threads(1)
OPTIMIZERS = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW}
STEPS = 20
MIDDLE = 10
RECORDED = (1, 2, STEPS)
SHAPES = ([5], [3, 7, 2], [], [67])


def drawn(seed, shape, dtype, scale=4.0):
    torch.manual_seed(seed)
    return (torch.rand(shape, dtype=DTYPES[dtype]) - 0.5) * scale


def snake(options):
    return {snake_case(key): tuple(value) if isinstance(value, list) else value for key, value in options.items()}


def plain(value):
    """Of a state dict, for JSON."""
    if isinstance(value, torch.Tensor):
        data = base64.b64encode(value.numpy().tobytes()).decode()
        return {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch."), "every": 1, "data": data}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value if not isinstance(value, float) or math.isfinite(value) else {"number": str(value)}


def steps_case(seed, optimizer, dtype, options, groups=None, skipped=(), assigned=()):
    shapes = SHAPES
    params = [drawn(seed * 100 + i, shape, dtype).requires_grad_() for i, shape in enumerate(shapes)]
    given = params
    if groups is not None:
        given = [{"params": [params[i] for i in group["params"]], **snake(group["options"])} for group in groups]
    made = OPTIMIZERS[optimizer](given, **snake(options))
    results, middle = {}, None
    for t in range(1, STEPS + 1):
        for i, param in enumerate(params):
            param.grad = None if [t, i] in skipped else drawn(1000 * seed + 10 * t + i, shapes[i], dtype)
        for change in assigned:
            if change["step"] == t:
                made.param_groups[change["group"]].update(snake(change["values"]))
        made.step()
        if t == MIDDLE:
            middle = plain(made.state_dict())
        if t in RECORDED:
            results[t] = [packed(param) for param in params]
    return {
        "optimizer": optimizer, "seed": seed, "dtype": dtype, "shapes": shapes, "options": options, "groups": groups, "skipped": skipped,
        "assigned": assigned, "results": results, "middle": middle, "text": str(made),
    }


SGD_OPTIONS = [
    {"lr": 0.1},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.05, "momentum": 0.9, "dampening": 0.3},
    {"lr": 0.05, "momentum": 0.8, "nesterov": True},
    {"lr": 0.1, "weightDecay": 0.01},
    {"lr": 0.03, "momentum": 0.9, "weightDecay": 0.1, "nesterov": True, "maximize": True},
    {"lr": 0.03, "momentum": 0.5, "weightDecay": 0.02, "dampening": 0.5, "maximize": True},
    {"lr": 0},
]
ADAM_OPTIONS = [
    {},
    {"lr": 0.05, "betas": [0.8, 0.95]},
    {"lr": 0.01, "eps": 0.001, "weightDecay": 0.1},
    {"lr": 0.02, "amsgrad": True},
    {"lr": 0.02, "amsgrad": True, "weightDecay": 0.05, "maximize": True, "betas": [0.5, 0.6]},
    {"lr": 0.1, "betas": [0, 0.9], "weightDecay": 0.5},
]
GROUPS = [
    {"params": [0, 2], "options": {"lr": 0.3}},
    {"params": [3], "options": {"weightDecay": 0.25}},
    {"params": [1], "options": {}},
]
SKIPPED = [[1, 0], [3, 0], [4, 1], [5, 1], [10, 3]]
seeds = itertools.count(1)
steps = []
for dtype in ("float32", "float64"):
    for optimizer, all_options in (("SGD", SGD_OPTIONS), ("Adam", ADAM_OPTIONS), ("AdamW", ADAM_OPTIONS)):
        for options in all_options:
            steps.append(steps_case(next(seeds), optimizer, dtype, options))
        first = {"lr": 0.02, "momentum": 0.9} if optimizer == "SGD" else {"lr": 0.02}
        steps.append(steps_case(next(seeds), optimizer, dtype, first, skipped=SKIPPED))
        steps.append(steps_case(next(seeds), optimizer, dtype, first, groups=GROUPS))
        changes = [{"step": 4, "group": 0, "values": {"lr": 0.3}}, {"step": 12, "group": 0, "values": {"weightDecay": 0.125}}]
        steps.append(steps_case(next(seeds), optimizer, dtype, first, assigned=changes))


def schedule_case(schedule, arguments, options, epochs=120, lrs=(0.1,), optimizer="SGD", metrics=None, initial=None):
    params = [torch.zeros(1, requires_grad=True) for _ in lrs]
    groups = [{"params": [param], "lr": lr} for param, lr in zip(params, lrs)]
    if initial is not None:
        groups = [{**group, "initial_lr": lr} for group, lr in zip(groups, initial)]
    made = OPTIMIZERS[optimizer](groups, **({"lr": 1, "momentum": 0.9} if optimizer == "SGD" else {}))
    kind = getattr(lr_scheduler, schedule)
    given = [LAMBDAS[each] if isinstance(each, str) else each for each in arguments]
    torch_options = snake(options)
    scheduler = kind(made, *given, **torch_options)

    def row():
        return [[group["lr"], (group["betas"][0] if "betas" in group else group["momentum"])] for group in made.param_groups]

    rows, middle = [row()], None
    for epoch in range(epochs):
        if metrics is None:
            scheduler.step()
        else:
            scheduler.step(metrics[epoch])
        rows.append(row())
        if epoch + 1 == epochs // 2:
            state = {key: value for key, value in scheduler.state_dict().items() if key != "anneal_func"}
            middle = {"scheduler": plain(state), "optimizer": plain(made.state_dict())}
    return {
        "schedule": schedule, "arguments": arguments, "options": options, "optimizer": optimizer, "lrs": list(lrs), "initial": initial,
        "metrics": metrics, "rows": rows, "middle": middle,
    }


LAMBDAS = {"inverse": lambda epoch: 1 / (epoch + 1), "half": lambda epoch: 0.5 ** (epoch // 10), "line": lambda epoch: 1 - epoch / 200}
torch.manual_seed(5)
metrics = [1 / (1 + epoch / 20) + 0.05 * noise for epoch, noise in enumerate(torch.rand(100, dtype=torch.float64).tolist())]
TWO = (0.1, 0.037)
schedules = [
    schedule_case("StepLR", [30], {}),
    schedule_case("StepLR", [7], {"gamma": 0.63}, lrs=TWO),
    schedule_case("StepLR", [5], {"gamma": 0.9, "lastEpoch": 12}, initial=[0.4]),
    schedule_case("MultiStepLR", [[30, 80]], {}),
    schedule_case("MultiStepLR", [[3, 3, 3, 10, 55, 54, 54]], {"gamma": 0.7}, lrs=TWO),
    schedule_case("ExponentialLR", [0.95], {}, lrs=TWO),
    schedule_case("ExponentialLR", [1.01], {}),
    schedule_case("CosineAnnealingLR", [100], {}),
    schedule_case("CosineAnnealingLR", [7], {"etaMin": 0.001}, lrs=TWO),
    schedule_case("CosineAnnealingLR", [50], {"etaMin": 0.002}, lrs=TWO),
    schedule_case("CosineAnnealingLR", [64], {"lastEpoch": 20}, initial=[0.25]),
    schedule_case("CosineAnnealingLR", [1], {}, epochs=20),
    schedule_case("OneCycleLR", [0.1], {"totalSteps": 100}, epochs=99),
    schedule_case("OneCycleLR", [0.01], {"totalSteps": 120}, optimizer="AdamW"),
    schedule_case("OneCycleLR", [[0.1, 0.3]], {"epochs": 10, "stepsPerEpoch": 12, "annealStrategy": "linear"}, lrs=TWO),
    schedule_case("OneCycleLR", [0.2], {"totalSteps": 113, "threePhase": True, "pctStart": 0.27, "divFactor": 10, "finalDivFactor": 100.0}, epochs=112),
    schedule_case("OneCycleLR", [0.2], {"totalSteps": 130, "cycleMomentum": False, "pctStart": 0.1}),
    schedule_case(
        "OneCycleLR", [0.2], {"totalSteps": 121, "baseMomentum": [0.7, 0.8], "maxMomentum": [0.9, 0.99]}, lrs=TWO, optimizer="Adam"
    ),
    schedule_case("LambdaLR", ["inverse"], {}, lrs=TWO),
    schedule_case("LambdaLR", ["half"], {}),
    schedule_case("LambdaLR", ["line"], {"lastEpoch": 3}, initial=[0.3]),
    schedule_case("ReduceLROnPlateau", [], {"patience": 2, "factor": 0.5}, epochs=100, metrics=metrics, lrs=TWO),
    schedule_case("ReduceLROnPlateau", [], {"mode": "max", "patience": 1, "cooldown": 3, "minLr": 0.01}, epochs=100, metrics=metrics),
    schedule_case(
        "ReduceLROnPlateau", [], {"threshold": 0.02, "thresholdMode": "abs", "patience": 3, "factor": 0.9}, epochs=100, metrics=metrics
    ),
    schedule_case(
        "ReduceLROnPlateau", [], {"mode": "max", "threshold": 0.01, "thresholdMode": "abs", "patience": 4, "minLr": [0.001, 0.01], "eps": 0.001},
        epochs=100, metrics=metrics, lrs=TWO,
    ),
]


def clip_case(seed, dtype, call, arguments, shapes=SHAPES, scale=4.0):
    params = [drawn(seed * 100 + i, shape, dtype).requires_grad_() for i, shape in enumerate(shapes)]
    for i, param in enumerate(params[:-1]):
        param.grad = drawn(seed * 100 + 50 + i, shapes[i], dtype, scale)
    function = torch.nn.utils.clip_grad_norm_ if call == "clipGradNorm" else torch.nn.utils.clip_grad_value_
    limit, *options = arguments
    values = {key: float(value["number"]) if isinstance(value, dict) else value for each in options for key, value in snake(each).items()}
    total = function(params, limit, **values)
    return {
        "seed": seed, "dtype": dtype, "call": call, "arguments": arguments, "shapes": shapes, "scale": scale,
        "total": None if total is None else packed(total), "results": [packed(param.grad) for param in params[:-1]],
    }


INFINITE = {"number": "inf"}
clipped = []
for dtype in ("float32", "float64"):
    for arguments in (
        [1], [0.1], [1000], [2, {"normType": 1}], [2, {"normType": 3}], [0.5, {"normType": INFINITE}], [5, {"normType": 0.5}],
        [2, {"normType": 0}], [0.7, {"normType": 2.5}], [1, {"normType": {"number": "-inf"}}],
    ):
        clipped.append(clip_case(len(clipped) + 1, dtype, "clipGradNorm", arguments))
    clipped.append(clip_case(len(clipped) + 1, dtype, "clipGradNorm", [1], shapes=[[3, 5], [2]]))
    clipped.append(clip_case(len(clipped) + 1, dtype, "clipGradNorm", [0.3, {"normType": INFINITE}], shapes=[[40000], [2]]))
    for limit in (0.5, 3, 0):
        clipped.append(clip_case(len(clipped) + 1, dtype, "clipGradValue", [limit]))

save("optim", {"steps": steps, "schedules": schedules, "clipped": clipped})
print(f"{len(steps)} runs of optimisers, {len(schedules)} schedules, {len(clipped)} clipped")
