"""Layers in all their options, and functions, as people export them: (name, module, inputs, axes that are dynamic).

Not here, because what torch 1.13 exports of them is something else (onnxruntime says so, too): circular padding, floor division of floats,
and linear upsampling before opset 11.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Call(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


class Recurrent(nn.Module):
    """A recurrent layer whose states are inputs, or not, and whose results are a flat tuple."""

    def __init__(self, inner, last=False):
        super().__init__()
        self.inner = inner
        self.last = last

    def forward(self, x, *states):
        y, state = self.inner(x, *([] if not states else [states[0]] if len(states) == 1 else [tuple(states)]))
        return state[0] if self.last else (y, *state) if isinstance(state, tuple) else (y, state)


class Attention(nn.Module):
    """Self-attention of (N, L, E) over its heads."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        n, length, width = x.shape
        parts = self.query_key_value(self.norm(x)).reshape(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts[0], parts[1], parts[2]
        scores = (query @ key.transpose(-2, -1) / (width // self.heads) ** 0.5).softmax(dim=-1)
        return x + self.out((scores @ value).transpose(1, 2).reshape(n, length, width))


X = (2, 4, 11)
T = (2, 7, 5)  # of sequences, batch first
BATCH, LENGTH, BOTH = {0: "n"}, {2: "length"}, {0: "n", 2: "length"}

CONVOLUTIONS = [
    *[
        (f"Conv1d {options}", nn.Conv1d(4, 6, **options), [X], BOTH)
        for options in (
            dict(kernel_size=3),
            dict(kernel_size=3, padding=1, stride=2),
            dict(kernel_size=4, dilation=2, groups=2),
            dict(kernel_size=3, padding=2, padding_mode="reflect"),
            dict(kernel_size=3, padding=2, padding_mode="replicate"),
            dict(kernel_size=1, bias=False),
        )
    ],
    ("Conv1d depthwise", nn.Conv1d(4, 8, 5, groups=4, padding=2), [X], BOTH),
    ("Conv2d of height 1", nn.Conv2d(4, 5, (1, 3), padding=(0, 1), stride=(1, 2)), [(2, 4, 1, 11)], {0: "n", 3: "length"}),
    ("Conv2d of width 1", nn.Conv2d(4, 5, (3, 1), dilation=(2, 1)), [(2, 4, 11, 1)], BOTH),
    ("Conv1d without a batch", nn.Conv1d(4, 6, 3), [(4, 11)], None),
    *[
        (f"ConvTranspose1d {options}", nn.ConvTranspose1d(4, 6, **options), [X], BOTH)
        for options in (
            dict(kernel_size=3),
            dict(kernel_size=4, stride=2, padding=1),
            dict(kernel_size=3, stride=3, output_padding=2, padding=1),
            dict(kernel_size=3, stride=2, output_padding=1, groups=2),
            dict(kernel_size=3, dilation=2, bias=False),
        )
    ],
]

NORMS = [
    ("BatchNorm1d", nn.BatchNorm1d(4), [X], BOTH),
    ("BatchNorm1d of (N, C)", nn.BatchNorm1d(4), [(3, 4)], BATCH),
    ("BatchNorm1d not affine", nn.BatchNorm1d(4, affine=False, eps=1e-3), [X], None),
    ("InstanceNorm1d", nn.InstanceNorm1d(4), [X], BOTH),
    ("InstanceNorm1d affine", nn.InstanceNorm1d(4, affine=True, eps=1e-3), [X], BOTH),
    ("InstanceNorm1d with running statistics", nn.InstanceNorm1d(4, affine=True, track_running_stats=True), [X], None),
    ("GroupNorm", nn.GroupNorm(2, 4), [X], BOTH),
    ("GroupNorm of one group", nn.GroupNorm(1, 4, eps=1e-3), [X], None),
    ("GroupNorm not affine", nn.GroupNorm(4, 4, affine=False), [X], None),
    ("LayerNorm", nn.LayerNorm(11), [X], BATCH),
    ("LayerNorm of two dimensions", nn.LayerNorm((4, 11)), [X], BATCH),
    ("LayerNorm not affine", nn.LayerNorm(11, elementwise_affine=False, eps=1e-3), [X], None),
    ("LayerNorm over channels", Call(lambda x: F.layer_norm(x.transpose(1, 2), (4,)).transpose(1, 2)), [X], BOTH),
    ("normalize", Call(lambda x: F.normalize(x, dim=1)), [X], BOTH),
]

ACTIVATIONS = [
    (str(module), module, [X], BATCH)
    for module in (
        nn.PReLU(), nn.PReLU(4), nn.RReLU(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.SELU(), nn.CELU(0.7), nn.GELU(), nn.GELU(approximate="tanh"),
        nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softsign(), nn.Hardtanh(-0.5, 1.2), nn.ReLU6(), nn.Hardswish(), nn.Hardsigmoid(),
        nn.LogSigmoid(), nn.Tanhshrink(), nn.GLU(1), nn.Softmax(1), nn.LogSoftmax(2), nn.Softmin(1), nn.Dropout(0.3),
        nn.Sigmoid(), nn.Tanh(), nn.Softmax(0), nn.Identity(),
    )
]  # fmt: skip

POOLS = [
    (str(module), module, [X], BOTH)
    for module in (
        nn.MaxPool1d(3), nn.MaxPool1d(3, 2, 1), nn.MaxPool1d(3, 2, dilation=2), nn.MaxPool1d(4, 3, ceil_mode=True),
        nn.AvgPool1d(3), nn.AvgPool1d(3, 2, 1), nn.AvgPool1d(4, 3, ceil_mode=True), nn.AvgPool1d(3, 2, 1, count_include_pad=False),
        nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool1d(1),
    )
] + [
    ("AdaptiveAvgPool1d(5)", nn.AdaptiveAvgPool1d(5), [(2, 4, 10)], None),
    ("AdaptiveMaxPool1d(5)", nn.AdaptiveMaxPool1d(5), [(2, 4, 10)], None),
    ("MaxPool1d with indices", nn.MaxPool1d(3, 2, return_indices=True), [X], None),
    ("AvgPool2d of height 1", nn.AvgPool2d((1, 3), (1, 2)), [(2, 4, 1, 11)], None),
]  # fmt: skip

PADS = [
    ("ReflectionPad1d", nn.ReflectionPad1d((3, 2)), [X], BOTH),
    ("ReplicationPad1d", nn.ReplicationPad1d((3, 2)), [X], BOTH),
    ("ConstantPad1d", nn.ConstantPad1d((3, 2), 1.5), [X], BOTH),
    ("ConstantPad1d that cuts", nn.ConstantPad1d((-2, -1), 0.0), [X], None),
    ("pad of two dimensions", Call(lambda x: F.pad(x, (1, 2, 0, 3), value=-1.0)), [X], BOTH),
    ("pad to a multiple of 8", Call(lambda x: F.pad(x, (0, (8 - x.shape[2] % 8) % 8))), [X], None),
]

UPSAMPLES = [
    ("Upsample by 2", nn.Upsample(scale_factor=2), [X], BOTH),
    ("Upsample by 2.5", nn.Upsample(scale_factor=2.5), [X], None),
    ("Upsample to 17", nn.Upsample(size=17), [X], None),
    ("Upsample linear by 2", nn.Upsample(scale_factor=2, mode="linear"), [X], BOTH),
    ("Upsample linear by 1.7", nn.Upsample(scale_factor=1.7, mode="linear"), [X], None),
    ("Upsample linear, corners aligned", nn.Upsample(scale_factor=3, mode="linear", align_corners=True), [X], None),
    ("Upsample linear to 5", nn.Upsample(size=5, mode="linear", align_corners=False), [X], None),
    ("repeat_interleave", Call(lambda x: x.repeat_interleave(3, dim=2)), [X], None),
    ("Upsample bicubic of an image of height 1", Call(lambda x: F.interpolate(x, size=(1, 17), mode="bicubic")), [(1, 2, 1, 9)], None),
]

STEPS = {1: "steps"}
RECURRENT = [
    case
    for kind, count in ((nn.LSTM, 2), (nn.GRU, 1))
    for case in [
        (f"{kind.__name__}", Recurrent(kind(5, 6)), [(7, 2, 5)], {0: "steps", 1: "n"}),
        (f"{kind.__name__} batch first", Recurrent(kind(5, 6, batch_first=True)), [T], {0: "n", 1: "steps"}),
        (f"{kind.__name__} with two layers", Recurrent(kind(5, 6, 2, batch_first=True)), [T], STEPS),
        (f"{kind.__name__} in both directions", Recurrent(kind(5, 6, batch_first=True, bidirectional=True)), [T], STEPS),
        (f"{kind.__name__} with two layers in both directions", Recurrent(kind(5, 6, 2, bidirectional=True)), [(7, 2, 5)], {0: "steps"}),
        (f"{kind.__name__} without biases", Recurrent(kind(5, 6, bias=False)), [(7, 2, 5)], None),
        (f"{kind.__name__} with states", Recurrent(kind(5, 6)), [(7, 2, 5)] + [(1, 2, 6)] * count, None),
        (f"{kind.__name__} with states of two layers", Recurrent(kind(5, 6, 2, bidirectional=True)), [(7, 2, 5)] + [(4, 2, 6)] * count, None),
        (f"{kind.__name__} with its last state alone", Recurrent(kind(5, 6, batch_first=True), last=True), [T], STEPS),
    ]
]

LINEAR = [
    ("Linear", nn.Linear(11, 3), [X], BATCH),
    ("Linear of a matrix", nn.Linear(11, 3), [(5, 11)], BATCH),
    ("Linear without bias", nn.Linear(11, 3, bias=False), [(5, 11)], None),
    ("bmm", Call(torch.bmm), [(2, 3, 4), (2, 4, 5)], None),
    ("matmul of a vector", Call(torch.matmul), [(2, 3, 4), (4,)], None),
    ("addmm", Call(lambda a, b, c: torch.addmm(a, b, c, beta=0.5, alpha=2.0)), [(3, 5), (3, 4), (4, 5)], None),
    *[(f"einsum {each}", Call(lambda a, b, each=each: torch.einsum(each, a, b)), [(2, 3, 4), other], None)
      for each, other in (("bij,bjk->bik", (2, 4, 5)), ("bij,bkj->bik", (2, 6, 4)), ("bct,ck->bkt", (3, 5)))],
    ("Attention", Attention(8, 2), [(2, 6, 8)], {0: "n", 1: "steps"}),
]  # fmt: skip

INDICES = [
    ("Embedding", nn.Embedding(9, 5), ["9 of 2 3"], {0: "n", 1: "steps"}),
    ("Embedding of channels", Call(lambda x: x[:, [2, 0, 3]]), [X], None),
    ("index_select", Call(lambda x: x.index_select(2, torch.tensor([1, 5, 5]))), [X], None),
    ("gather", Call(lambda x, i: x.gather(2, i)), [(2, 4, 9), "9 of 2 4 3"], None),
    ("topk", Call(lambda x: x.topk(3, dim=2)), [X], BATCH),
    ("topk, smallest", Call(lambda x: x.topk(2, dim=1, largest=False)), [X], None),
    ("argmax", Call(lambda x: x.argmax(1)), [X], BOTH),
    ("argmin", Call(lambda x: x.argmin(2, keepdim=True)), [X], None),
    ("max with indices", Call(lambda x: tuple(x.max(dim=2))), [X], None),
    ("cumsum", Call(lambda x: x.cumsum(2)), [X], BOTH),
    ("one element", Call(lambda x: x[:, 1, -1]), [X], BATCH),
    ("slices", Call(lambda x: x[:, 1:, 2:-1:2]), [X], BOTH),
    ("flip", Call(lambda x: x.flip(2)), [X], None),
    ("roll", Call(lambda x: x.roll(3, 2)), [X], None),
    ("unfold", Call(lambda x: x.unfold(2, 4, 2)), [X], None),
]

SHAPES = [
    ("cat and chunk", Call(lambda x: torch.cat([each * (i + 1) for i, each in enumerate(x.chunk(2, 1))], 2)), [X], BOTH),
    ("split", Call(lambda x: x.split([3, 8], 2)), [X], BATCH),
    ("stack", Call(lambda x: torch.stack([x, -x], 1)), [X], BOTH),
    ("permute and reshape", Call(lambda x: x.permute(0, 2, 1).reshape(x.shape[0], -1)), [X], BATCH),
    ("view by sizes", Call(lambda x: x.view(x.size(0), x.size(1) // 2, 2, x.size(2))), [X], BOTH),
    ("flatten", nn.Flatten(), [X], BATCH),
    ("expand", Call(lambda x: x[:, :1].expand(-1, 4, -1)), [X], BOTH),
    ("expand_as", Call(lambda x: x.mean(2, keepdim=True).expand_as(x)), [X], BOTH),
    ("repeat", Call(lambda x: x.repeat(1, 2, 3)), [X], BOTH),
    ("squeeze", Call(lambda x: x[:, :1].squeeze(1).unsqueeze(-1)), [X], BOTH),
    ("arange", Call(lambda x: x + torch.arange(x.shape[2]).to(x.dtype)), [X], BOTH),
    ("zeros of the input's shape", Call(lambda x: torch.cat([torch.zeros_like(x), x, torch.ones(x.shape[0], 4, 2)], 2)), [X], BATCH),
    ("shuffle of pixels", Call(lambda x: x.reshape(x.shape[0], 2, 2, -1).transpose(2, 3).reshape(x.shape[0], 2, -1)), [X], BOTH),
]

REDUCTIONS = [
    (name, Call(function), [X], BOTH)
    for name, function in {
        "sum": lambda x: x.sum(1), "mean of two": lambda x: x.mean((1, 2), keepdim=True), "mean of all": lambda x: x.mean(),
        "amax": lambda x: x.amax(2), "amin": lambda x: x.amin(1, keepdim=True), "prod": lambda x: x.prod(1), "std": lambda x: x.std(2),
        "var": lambda x: x.var(1, unbiased=False, keepdim=True), "norm": lambda x: x.norm(dim=2), "norm 1": lambda x: x.norm(p=1, dim=1),
        "logsumexp": lambda x: x.logsumexp(1), "sum of all": lambda x: x.sum(), "max of all": lambda x: x.max(),
    }.items()
]  # fmt: skip

ELEMENTS = [
    (name, Call(function), [X], BATCH)
    for name, function in {
        "arithmetic": lambda x: (x * 2 - 1) / (x.abs() + 3) + 0.5, "pow": lambda x: x.abs().pow(1.5) + x**2 + x**3,
        "rsqrt": lambda x: (x.abs() + 1).rsqrt(), "logs": lambda x: (x.abs() + 1).log() + x.abs().log1p() + (x.abs() + 1).log2(),
        "exponents": lambda x: x.exp() + (-x).exp(), "trigonometry": lambda x: x.sin() + x.cos() * x.tan().tanh(),
        "rounding": lambda x: x.floor() + x.ceil() + x.round(), "erf and sign": lambda x: x.erf() * x.sign(),
        "clamp": lambda x: x.clamp(-0.5, 0.7), "clamp above": lambda x: x.clamp(max=0.7), "maximum": lambda x: torch.maximum(x, -x * 0.3),
        "where": lambda x: torch.where(x > 0, x, x * 0.1), "masked_fill": lambda x: x.masked_fill(x < -0.5, -9.0),
        "comparisons": lambda x: ((x >= 0.1) & (x != 0.5) | ~(x <= 1)).float(), "to integers and back": lambda x: (x * 3).long().float(),
        "to float64": lambda x: x.double() * 1.1, "snake": lambda x: x + (1 / (1.5 + 1e-9)) * torch.sin(x * 1.5) ** 2,
        "reciprocal and square": lambda x: (x.square() + 1).reciprocal(), "true bools": lambda x: torch.logical_xor(x > 0, x < 1),
        "floats to ints as text": lambda x: x.int(),
    }.items()
] + [
    ("two inputs", Call(lambda x, y: x * y + torch.minimum(x, y)), [X, (4, 1)], None),
    ("one output that is an input", Call(lambda x: (x, x * 2)), [X], BATCH),
]  # fmt: skip

LAYERS = [
    *CONVOLUTIONS, *NORMS, *ACTIVATIONS, *POOLS, *PADS, *UPSAMPLES, *RECURRENT, *LINEAR, *INDICES, *SHAPES, *REDUCTIONS, *ELEMENTS,
]  # fmt: skip
