#!/usr/bin/env python3
"""Writes pool.json.gz: pooling, upsampling, powers and snake of the real PyTorch (1.13).

Run it in this folder with a python3 that has torch. Inputs are not stored: `rand` after `manual_seed` is bit for bit what the
package's own rand gives; some elements then become NaN or infinite. Outputs are the base64 of their bytes (little endian).
"""

import base64
import gzip
import json
import random

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
draw = random.Random(36)
cases = []


def packed(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def pool_sizes(length):
    kernel = draw.randint(1, min(length + 2, draw.choice([5, 90])))
    return {"kernelSize": kernel, "stride": draw.randint(1, 14), "padding": draw.randint(0, kernel // 2)}


def pool(kind, x):
    sizes = pool_sizes(x.shape[-1])
    arguments = (x, sizes["kernelSize"], sizes["stride"], sizes["padding"])
    ceil_mode = draw.random() < 0.5
    if kind == "maxPool":
        sizes["dilation"] = draw.randint(1, 3)
        return sizes, F.max_pool1d(*arguments, sizes["dilation"], ceil_mode=ceil_mode, return_indices=True)
    sizes["countIncludePad"] = draw.random() < 0.5
    return sizes, (F.avg_pool1d(*arguments, ceil_mode=ceil_mode, count_include_pad=sizes["countIncludePad"]),)


def adapt(kind, x):
    size = draw.randint(1, x.shape[-1] + 5)
    if kind == "adaptiveMaxPool":
        return {}, F.adaptive_max_pool1d(x, size, return_indices=True)
    return {}, (F.adaptive_avg_pool1d(x, size),)


def upsample(kind, x):
    scale = draw.choice([0, 2.0, 3.0, 4.0, 5.0, 0.5, draw.uniform(0.4, 5)])
    options = {"scale_factor": scale} if scale else {"size": draw.randint(1, 4 * x.shape[-1])}
    if kind == "upsampleNearest":
        return {"scale": scale}, (F.interpolate(x, **options),)
    align = draw.random() < 0.5
    return {"scale": scale, "alignCorners": align}, (F.interpolate(x, **options, mode="linear", align_corners=align),)


def power(_, x):
    exponent = draw.choice([2, 3, 0.5, -0.5, -1, 4, 2.5, -3, 0, 1, 0.3333])
    return {"exponent": exponent}, (x.pow(exponent),)


KINDS = {
    "maxPool": pool, "avgPool": pool, "adaptiveMaxPool": adapt, "adaptiveAvgPool": adapt,
    "upsampleNearest": upsample, "upsampleLinear": upsample, "pow": power,
}

for seed in range(280):
    kind = list(KINDS)[seed % len(KINDS)]
    dtype = draw.choice([torch.float32, torch.float64])
    rows, length = draw.randint(1, 3), draw.randint(1, draw.choice([9, 40, 110]))
    torch.manual_seed(seed)
    x = torch.rand(1, rows, length, dtype=dtype) * 6 - 3
    special = {}
    if draw.random() < 0.2:
        special = {draw.randrange(rows * length): draw.choice(["NaN", "Infinity", "-Infinity"]) for _ in range(3)}
        for index, value in special.items():
            x.view(-1)[index] = float(value)
    try:
        parameters, results = KINDS[kind](kind, x)
    except RuntimeError:  # sizes that PyTorch refuses
        continue
    cases.append({
        "kind": kind, "dtype": str(dtype).removeprefix("torch."), "seed": seed, "rows": rows, "length": length,
        "special": special, "parameters": parameters, "outLength": results[0].shape[-1], "data": packed(results[0]),
        "indices": packed(results[1]) if len(results) > 1 else None,
    })

with gzip.GzipFile("pool.json.gz", "wb", mtime=0) as file:
    file.write(json.dumps(cases, separators=(",", ":")).encode())
print(len(cases), "cases")
