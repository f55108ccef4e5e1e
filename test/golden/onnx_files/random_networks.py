"""Random networks of (N, C, L): a trunk of blocks, which may have branches, and a head."""

import random

import torch
from torch import nn
from torch.nn.utils import weight_norm


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Branches(nn.Module):
    """Several ways from the same value, put together along channels or added."""

    def __init__(self, branches, is_added):
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.is_added = is_added

    def forward(self, x):
        results = [branch(x) for branch in self.branches]
        return sum(results[1:], results[0]) / len(results) if self.is_added else torch.cat(results, 1)


class Steps(nn.Module):
    """A recurrent layer over (N, C, L)."""

    def __init__(self, inner, skip):
        super().__init__()
        self.inner = inner
        self.skip = skip

    def forward(self, x):
        steps = x.transpose(1, 2)
        y = self.inner(steps)[0]
        return (y + steps if self.skip else y).transpose(1, 2)


class Gate(nn.Module):
    """Squeeze and excitation: channels scaled by what their means say."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Linear(channels, max(channels // 2, 1))
        self.second = nn.Linear(max(channels // 2, 1), channels)

    def forward(self, x):
        scale = torch.sigmoid(self.second(torch.relu(self.first(x.mean(2)))))
        return x * scale.unsqueeze(2)


class Causal(nn.Module):
    """Zeros on the left, as many as the kernel looks back."""

    def __init__(self, inner):
        super().__init__()
        self.pad = nn.ConstantPad1d(((inner.kernel_size[0] - 1) * inner.dilation[0], 0), 0.0)
        self.inner = inner

    def forward(self, x):
        return self.inner(self.pad(x))


class Head(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        return self.linear(x.mean(2)).softmax(1)


def activation(dice, channels):
    return dice.choice([
        nn.ReLU(), nn.LeakyReLU(0.1), nn.ELU(), nn.GELU(), nn.SiLU(), nn.Tanh(), nn.PReLU(channels), nn.Softplus(), nn.Hardswish(), nn.Mish(),
        nn.SELU(), nn.Sigmoid(),
    ])  # fmt: skip


def norm(dice, channels):
    return dice.choice([
        nn.BatchNorm1d(channels), nn.BatchNorm1d(channels), nn.GroupNorm(1, channels), nn.InstanceNorm1d(channels, affine=True),
        nn.GroupNorm(channels // 2, channels),
    ])  # fmt: skip


def convolution(dice, inputs, outputs):
    """One that keeps the length."""
    size, dilation = dice.choice([1, 3, 5, 7]), dice.choice([1, 1, 2, 3])
    reach = (size - 1) * dilation
    groups = dice.choice([1, 1, 2])
    if dice.random() < 0.3:
        return Causal(nn.Conv1d(inputs, outputs, size, dilation=dilation, groups=groups))
    mode = dice.choice(["zeros", "zeros", "reflect", "replicate"]) if reach > 0 else "zeros"
    layer = nn.Conv1d(inputs, outputs, size, dilation=dilation, padding=reach // 2, padding_mode=mode, groups=groups, bias=dice.random() < 0.8)
    return weight_norm(layer) if dice.random() < 0.2 else layer


def block(dice, channels, depth=0):
    kinds = ["plain", "plain", "residual", "recurrent", "gate", "depthwise"] + (["branches"] if depth == 0 else [])
    kind = dice.choice(kinds)
    if kind == "residual":
        return Residual(nn.Sequential(convolution(dice, channels, channels), norm(dice, channels), activation(dice, channels)))
    if kind == "recurrent":
        both = dice.random() < 0.4
        layer = dice.choice([nn.LSTM, nn.GRU])
        return Steps(layer(channels, channels // 2 if both else channels, dice.choice([1, 1, 2]), batch_first=True, bidirectional=both), dice.random() < 0.5)
    if kind == "gate":
        return Gate(channels)
    if kind == "depthwise":
        return nn.Sequential(nn.Conv1d(channels, channels, 3, padding=1, groups=channels), nn.Conv1d(channels, channels, 1), activation(dice, channels))
    if kind == "branches":
        count = dice.choice([2, 3])
        is_added = dice.random() < 0.5
        both = Branches([block(dice, channels, 1) for _ in range(count)], is_added)
        return both if is_added else nn.Sequential(both, nn.Conv1d(count * channels, channels, 1))
    return nn.Sequential(convolution(dice, channels, channels), norm(dice, channels), activation(dice, channels))


def changed_length(dice, inputs, outputs):
    kind = dice.choice(["strided", "transposed", "pool", "upsample"])
    if kind == "strided":
        return nn.Conv1d(inputs, outputs, 4, stride=2, padding=1)
    if kind == "transposed":
        return nn.ConvTranspose1d(inputs, outputs, 4, stride=2, padding=1)
    if kind == "pool":
        return nn.Sequential(dice.choice([nn.MaxPool1d(2), nn.AvgPool1d(2)]), nn.Conv1d(inputs, outputs, 1))
    return nn.Sequential(nn.Upsample(scale_factor=2, mode=dice.choice(["nearest", "linear"])), nn.Conv1d(inputs, outputs, 3, padding=1))


def network(seed):
    """The network and the channels of its input."""
    dice = random.Random(seed)
    inputs = dice.choice([1, 2, 6, 12])
    channels = dice.choice([4, 8, 16])
    layers = [nn.Conv1d(inputs, channels, dice.choice([3, 5]), padding=2)]
    for _ in range(dice.randint(2, 4)):
        layers.append(block(dice, channels))
        if dice.random() < 0.4:
            wider = dice.choice([4, 8, 16])
            layers.append(changed_length(dice, channels, wider))
            channels = wider
    layers.append(Head(channels, 5) if dice.random() < 0.4 else nn.Conv1d(channels, 2, 1))
    return nn.Sequential(*layers), inputs
