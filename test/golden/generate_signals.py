#!/usr/bin/env python3
"""Writes signals.json.gz: spectra, windows and resampling of the real PyTorch (1.13), and torchaudio's functions by their formulas.

    /usr/bin/python3 test/golden/generate_signals.py

torchaudio is not installed: melscale_fbanks, resample and spectrogram are written here from their documentation, in float64. A case is a
call as in generate_operations.py with its "result"; "cotangentSeed" and "gradients" of the inputs are there where gradients flow, as in
generate_gradients.py: the cotangent is (rand(shape) - 0.5) * 2 after manual_seed(cotangentSeed).
"""

import math
import random
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch_calls import FUNCTIONAL, Input, call_of, encoded, made, packed, save, seeded

warnings.simplefilter("ignore")
torch.set_num_threads(1)
draw = random.Random(113)
cases = []
next_seed = iter(range(1, 10**6))


def x_of(*shape, dtype="float32", scale=2.0):
    return seeded(next(next_seed), shape, dtype, scale)


def stft(x, n_fft, **options):
    return torch.stft(x, n_fft, return_complex=False, **options)


def istft(x, n_fft, **options):
    return torch.istft(torch.view_as_complex(x.contiguous()), n_fft, **options)


def spectrogram(x, n_fft, power=2, normalized=False, window=None, win_length=None, pad=0, **options):
    window = torch.ones(win_length or n_fft, dtype=x.dtype) if window is None else window
    rows = F.pad(x, (pad, pad)).reshape(-1, x.shape[-1] + 2 * pad)
    is_by_frame = normalized == "frame_length"
    spectra = torch.stft(rows, n_fft, window=window, win_length=win_length, normalized=is_by_frame, return_complex=True, **options)
    spectra = spectra.reshape(*x.shape[:-1], *spectra.shape[-2:])
    if normalized in (True, "window"):
        spectra = spectra / window.pow(2).sum().sqrt()
    return spectra.abs() if power == 1 else spectra.abs().pow(power)


def hz_to_mel(hz, scale):
    if scale == "htk":
        return 2595 * math.log10(1 + hz / 700)
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def mel_to_hz(mel, scale):
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mel_filterbank(n_freqs, f_min=0.0, f_max=None, n_mels=128, sample_rate=16000, norm=None, mel_scale="htk", dtype=torch.float32):
    f_max = sample_rate // 2 if f_max is None else f_max
    mels = np.linspace(hz_to_mel(f_min, mel_scale), hz_to_mel(f_max, mel_scale), n_mels + 2)
    edges = np.array([mel_to_hz(mel, mel_scale) for mel in mels])
    slopes = edges[None, :] - np.linspace(0, sample_rate // 2, n_freqs)[:, None]
    down = -slopes[:, :-2] / np.diff(edges)[:-1]
    up = slopes[:, 2:] / np.diff(edges)[1:]
    bank = np.maximum(0, np.minimum(down, up))
    if norm == "slaney":
        bank = bank * (2 / (edges[2:] - edges[:-2]))
    return torch.from_numpy(bank).to(dtype)


def resample(x, orig, new, lowpass_filter_width=6, rolloff=0.99, resampling_method="sinc_interp_hann", beta=None):
    common = math.gcd(orig, new)
    orig, new = orig // common, new // common
    base = min(orig, new) * rolloff
    width = math.ceil(lowpass_filter_width * orig / base)
    at = torch.arange(-width, width + orig, dtype=torch.float64)[None, None] / orig
    t = (torch.arange(0, -new, -1, dtype=torch.float64)[:, None, None] / new + at) * base
    t = t.clamp(-lowpass_filter_width, lowpass_filter_width)
    if resampling_method == "sinc_interp_hann":
        window = torch.cos(t * math.pi / lowpass_filter_width / 2) ** 2
    else:
        beta = torch.tensor(14.769656459379492 if beta is None else beta, dtype=torch.float64)
        window = torch.i0(beta * torch.sqrt(1 - (t / lowpass_filter_width) ** 2)) / torch.i0(beta)
    t = t * math.pi
    kernels = torch.where(t == 0, torch.ones_like(t), t.sin() / t) * window * base / orig
    shape = x.shape
    rows = F.pad(x.reshape(-1, shape[-1]), (width, width + orig))
    steps = F.conv1d(rows[:, None], kernels.to(x.dtype), stride=orig)
    whole = steps.transpose(1, 2).reshape(rows.shape[0], -1)
    return whole[..., : math.ceil(new * shape[-1] / orig)].reshape(*shape[:-1], -1)


FUNCTIONAL.update(
    stft=stft, istft=istft, spectrogram=spectrogram, melFilterbank=mel_filterbank, resample=resample,
    hannWindow=torch.hann_window, hammingWindow=torch.hamming_window, blackmanWindow=torch.blackman_window,
    bartlettWindow=torch.bartlett_window, kaiserWindow=torch.kaiser_window,
)  # fmt: skip


def case(call, arguments, options=None, has_gradients=True):
    inputs = []
    record = {"on": "functional", "call": call, "arguments": encoded([*arguments, options or {}], inputs), "inputs": inputs}
    tensors = [made(each).requires_grad_(has_gradients) for each in inputs]
    result = call_of(record, tensors)
    record["result"] = packed(result)
    if inputs and has_gradients:
        record["cotangentSeed"] = next(next_seed)
        torch.manual_seed(record["cotangentSeed"])
        cotangent = (torch.rand(result.shape, dtype=result.dtype) - 0.5) * 2
        result.backward(cotangent)
        record["gradients"] = [packed(tensor.grad) for tensor in tensors]
    cases.append(record)


SIZES = (2, 3, 4, 5, 8, 15, 16, 17, 20, 22, 31, 32, 48, 64, 77, 100, 121, 128, 202, 256, 400)


def framing(n_fft, dtype, with_window):
    options = {}
    if draw.random() < 0.7:
        options["hopLength"] = draw.randint(1, n_fft)
    if draw.random() < 0.3:
        options["winLength"] = draw.randint(max(1, n_fft // 2), n_fft)
    if with_window:
        options["window"] = x_of(options.get("winLength", n_fft), dtype=dtype)
    if draw.random() < 0.4:
        options["center"] = False
    if draw.random() < 0.3:
        options["normalized"] = True
    return options


for n_fft in (1, *SIZES, *SIZES):
    dtype = draw.choice(("float32", "float32", "float64"))
    options = framing(n_fft, dtype, draw.random() < 0.6)
    if n_fft == 1:
        options["hopLength"] = 1
    if n_fft in (2, 3):
        options["hopLength"] = draw.randint(1, n_fft)
    if options.get("center", True) and draw.random() < 0.4:
        options["padMode"] = draw.choice(("constant", "replicate", "circular"))
    if draw.random() < 0.3:
        options["onesided"] = False
    shape = (draw.randint(n_fft + 1, 4 * n_fft + 10),)
    if draw.random() < 0.5:
        shape = (draw.randint(1, 5), *shape)
    case("stft", [x_of(*shape, dtype=dtype), n_fft], options)

# Windows that never vanish: where frames reach, there is something to divide by.
for n_fft in (*SIZES, *SIZES):
    dtype = draw.choice(("float32", "float32", "float64"))
    options = framing(n_fft, dtype, False)
    options["hopLength"] = draw.randint(1, max(1, options.get("winLength", n_fft) // 2))
    if "winLength" in options:
        options["center"] = True
        options["winLength"] = max(options["winLength"], n_fft * 3 // 4 + 1)
    length = options.get("winLength", n_fft)
    if draw.random() < 0.6:
        options["window"] = Input(shape=[length], dtype=dtype, values=[1 + 0.5 * math.sin(i * 7) for i in range(length)])
    onesided = draw.random() < 0.7
    if not onesided:
        options["onesided"] = False
    bins = n_fft // 2 + 1 if onesided else n_fft
    frames = draw.randint(3, 9)
    shape = (bins, frames, 2) if draw.random() < 0.5 else (draw.randint(1, 4), bins, frames, 2)
    made_samples = n_fft + options["hopLength"] * (frames - 1)
    start = n_fft // 2 if options.get("center", True) else 0
    if draw.random() < 0.5 and made_samples > start + 1:
        options["length"] = draw.randint(1, made_samples - start + (5 if "winLength" not in options else -start))
    try:
        case("istft", [x_of(*shape, dtype=dtype), n_fft], options)
    except RuntimeError as error:
        print("left out:", str(error)[:100])

for power in (1, 2, 2, 0.7):
    for normalized in (False, True):
        n_fft = draw.choice((16, 25, 64))
        options = {"power": power, "normalized": normalized, "hopLength": draw.randint(3, 20)}
        options["window"] = x_of(n_fft, dtype="float64")
        case("spectrogram", [x_of(2, 150, dtype="float64"), n_fft], options, has_gradients=not normalized)

for name in ("hannWindow", "hammingWindow", "blackmanWindow", "bartlettWindow", "kaiserWindow"):
    for length in (0, 1, 2, 3, 8, 25, 400):
        for periodic in (True, False):
            case(name, [length], {"periodic": periodic, "dtype": "float64"})
    case(name, [100], {})
case("hammingWindow", [30], {"periodic": True, "alpha": 0.6, "beta": 0.3, "dtype": "float64"})
case("kaiserWindow", [30], {"periodic": True, "beta": 5.5, "dtype": "float64"})

for n_freqs, options in (
    (201, {}),
    (257, {"nMels": 40, "sampleRate": 8000}),
    (201, {"nMels": 80, "fMin": 20.0, "fMax": 7600.0}),
    (513, {"nMels": 80, "sampleRate": 22050, "norm": "slaney", "melScale": "slaney", "fMax": 8000.0}),
    (201, {"nMels": 80, "norm": "slaney", "melScale": "slaney", "dtype": "float64"}),
    (129, {"nMels": 20, "norm": "slaney", "fMin": 100, "sampleRate": 11025, "dtype": "float64"}),
    (65, {"nMels": 1, "melScale": "slaney"}),
):
    case("melFilterbank", [n_freqs], options)

for rates in ((16000, 8000), (8000, 16000), (44100, 16000), (16000, 44100), (48000, 44100), (3, 2), (5, 7), (22050, 24000), (1, 6), (9, 1)):
    for options in (
        {},
        {"lowpassFilterWidth": draw.choice((3, 16, 24))},
        {"rolloff": 0.8, "resamplingMethod": "sinc_interp_kaiser"},
        {"lowpassFilterWidth": 12, "resamplingMethod": "sinc_interp_kaiser", "beta": 8.5},
    ):
        dtype = draw.choice(("float32", "float64"))
        shape = draw.choice(((draw.randint(1, 900),), (3, draw.randint(20, 500)), (2, 1, 100)))
        case("resample", [x_of(*shape, dtype=dtype), *rates], options)

for shape, options in (
    ((2, 1, 90), {"power": 1, "onesided": False, "hopLength": 7}),
    ((1, 2, 2, 60), {"normalized": "frame_length", "pad": 5}),
    ((70,), {"normalized": "window", "pad": 11, "center": False, "power": 3}),
    ((3, 50), {"onesided": False, "winLength": 13, "padMode": "constant"}),
):
    case("spectrogram", [x_of(*shape, dtype="float64"), 20], options, has_gradients="normalized" not in options)

# Silence, where magnitudes have no slope: their gradient is zero.
for power in (1, 1.5, 2, 3):
    samples = Input(shape=[60], dtype="float64", values=[math.sin(i * i) if i >= 40 else 0.0 for i in range(60)])
    case("spectrogram", [samples, 10], {"power": power, "hopLength": 5})

save("signals", cases)
