#!/usr/bin/env python3
"""Writes onnx-operators.json.gz without results: models of one node each, and their inputs; generate_onnx_operators.ts adds what
onnxruntime computes of them. Run both in this folder, this one with a python3 that has onnx (Debian: python3-onnx). Operator sets 18 to 21
are beyond Debian's onnx, which writes them all the same and does not check them.
"""

import base64
import gzip
import json

import numpy as np
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

np.random.seed(0)
CASES = {}
TYPES = {"float32": T.FLOAT, "float64": T.DOUBLE, "int64": T.INT64, "int32": T.INT32, "bool": T.BOOL}


def packed(array):
    return {
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(array.tobytes()).decode(),
    }


def case(name, operator, inputs, fixed=(), opset=18, nout=1, outty=T.FLOAT, **attributes):
    """A node; None is an input that is left out, `fixed` are those that are initializers."""
    names, values, initializers, data = [], [], [], {}
    for i, given in enumerate(inputs):
        if given is None:
            names.append("")
            continue
        array = np.asarray(given)
        names.append(f"i{i}")
        if i in fixed:
            initializers.append(numpy_helper.from_array(array, f"i{i}"))
        else:
            values.append(h.make_tensor_value_info(f"i{i}", TYPES[str(array.dtype)], array.shape))
            data[f"i{i}"] = packed(array)
    outputs = [f"o{k}" for k in range(nout)]
    types = outty if isinstance(outty, list) else [outty] * nout
    results = [h.make_tensor_value_info(o, t, None) for o, t in zip(outputs, types)]
    graph = h.make_graph([h.make_node(operator, names, outputs, name="n", **attributes)], "g", values, results, initializers)
    version = 8 if opset < 19 else 9 if opset < 21 else 10
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)], ir_version=version)
    assert name not in CASES, name
    CASES[name] = {"model": base64.b64encode(model.SerializeToString()).decode(), "inputs": data}


def f(*shape):
    return np.random.randn(*shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


x = f(2, 6, 13)
for o in (
    "ReduceMean",
    "ReduceMax",
    "ReduceL2",
    "ReduceLogSumExp",
    "ReduceSumSquare",
    "ReduceL1",
    "ReduceLogSum",
    "ReduceProd",
    "ReduceMin",
):
    xx = np.abs(x) + 0.1 if o == "ReduceLogSum" else x
    case(o + "18", o, [xx, i64(-1, 1)], [1])
    case(o + "18k0", o, [xx, i64(1)], [1], keepdims=0)
    case(o + "18noop", o, [xx], noop_with_empty_axes=1)
    case(o + "18all", o, [xx], keepdims=0)
    case(o + "17", o, [xx], opset=17, axes=[0, 2])
case("Split18", "Split", [x], axis=2, num_outputs=3, nout=3)
case("Split18u", "Split", [f(7, 3)], axis=0, num_outputs=4, nout=4)
case("Split13", "Split", [x, i64(5, 8)], [1], opset=13, axis=2, nout=2)
for mode in ("constant", "reflect", "edge"):
    case("Pad18" + mode, "Pad", [x, i64(2, 3), np.float32(1.5) if mode == "constant" else None, i64(2)], [1, 2, 3], mode=mode)
    case("Pad18neg" + mode, "Pad", [x, i64(0, 0, -2, 0, 0, 3), None], [1], mode=mode)
case("Pad18n", "Pad", [x, i64(-1, 3, 1, -2), None, i64(-1, 0)], [1, 3])
case("Pad19wrap", "Pad", [x, i64(0, 0, 2, 0, 0, 3)], [1], opset=19, mode="wrap")
for o in (18, 21):
    g = 3
    case(
        f"GroupNorm{o}",
        "GroupNormalization",
        [x, f(3 if o == 18 else 6), f(3 if o == 18 else 6)],
        [1, 2],
        opset=o,
        num_groups=g,
        epsilon=1e-3,
    )
case("Mish18", "Mish", [x])
case("Gelu20", "Gelu", [x], opset=20)
case("Gelu20t", "Gelu", [x], opset=20, approximate="tanh")
for cp in (0, 1):
    for cm in (0, 1):
        case(
            f"Avg19_{cp}{cm}",
            "AveragePool",
            [x],
            opset=19,
            kernel_shape=[3],
            dilations=[2],
            pads=[1, 2],
            strides=[2],
            count_include_pad=cp,
            ceil_mode=cm,
        )
        case(
            f"AvgA_{cp}{cm}",
            "AveragePool",
            [x],
            opset=17,
            kernel_shape=[4],
            pads=[1, 2],
            strides=[3],
            count_include_pad=cp,
            ceil_mode=cm,
        )
        case(
            f"AvgB_{cp}{cm}",
            "AveragePool",
            [x],
            opset=17,
            kernel_shape=[4],
            pads=[2, 2],
            strides=[3],
            count_include_pad=cp,
            ceil_mode=cm,
        )
        case(
            f"Max_{cp}{cm}",
            "MaxPool",
            [x],
            opset=17,
            kernel_shape=[4],
            pads=[cp, 2],
            strides=[3],
            ceil_mode=cm,
            dilations=[1 + cp],
        )
for ap in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    for s in (1, 2, 3):
        case(f"AvgAuto{ap}{s}", "AveragePool", [x], opset=17, kernel_shape=[4], auto_pad=ap, strides=[s])
        case(f"MaxAuto{ap}{s}", "MaxPool", [x], opset=17, kernel_shape=[4], auto_pad=ap, strides=[s])
        case(
            f"ConvAuto{ap}{s}",
            "Conv",
            [x, f(4, 3, 4), f(4)],
            [1, 2],
            opset=17,
            auto_pad=ap,
            strides=[s],
            group=2,
            kernel_shape=[4],
        )
        case(
            f"CTAuto{ap}{s}",
            "ConvTranspose",
            [x, f(6, 2, 4), f(4)],
            [1, 2],
            opset=17,
            auto_pad=ap,
            strides=[s],
            group=2,
            kernel_shape=[4],
        )
case("MaxIdx", "MaxPool", [x], opset=17, kernel_shape=[3], strides=[2], pads=[1, 1], nout=2, outty=[T.FLOAT, T.INT64])
case("MaxIdxA", "MaxPool", [x], opset=17, kernel_shape=[3], strides=[2], pads=[0, 1], nout=2, outty=[T.FLOAT, T.INT64])
case("LpPool", "LpPool", [x], opset=18, kernel_shape=[3], strides=[2], pads=[1, 1], p=3)
for k, (p, op_, s, d) in enumerate(
    [((0, 0), 0, 2, 1), ((1, 2), 0, 2, 1), ((2, 1), 1, 3, 1), ((1, 1), 1, 2, 2), ((0, 3), 2, 3, 1)]
):
    case(
        f"CT{k}",
        "ConvTranspose",
        [x, f(6, 5, 4), f(5)],
        [1, 2],
        opset=17,
        pads=list(p),
        output_padding=[op_],
        strides=[s],
        dilations=[d],
    )
case("CTos2", "ConvTranspose", [x, f(6, 5, 4)], [1], opset=17, output_shape=[25], strides=[2], auto_pad="SAME_UPPER")
case("CT2d", "ConvTranspose", [f(2, 6, 1, 13), f(6, 5, 1, 4)], [1], opset=17, strides=[1, 2], pads=[0, 1, 0, 1])
case("Conv2d", "Conv", [f(2, 6, 1, 13), f(5, 6, 1, 4)], [1], opset=17, strides=[1, 2], pads=[0, 1, 0, 2])
case("Conv2dh", "Conv", [f(2, 6, 13, 1), f(5, 6, 4, 1)], [1], opset=17, strides=[2, 1], pads=[1, 0, 2, 0])
case("Conv2dhh", "Conv", [f(2, 6, 13, 3), f(5, 6, 4, 1)], [1], opset=17, strides=[2, 2], pads=[1, 0, 2, 0])
case("Conv2d11", "Conv", [f(2, 6, 4, 3), f(5, 6, 1, 1)], [1], opset=17)
for mode in ("nearest", "linear", "cubic"):
    for ct in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
        for sc in (2.0, 1.7, 0.6):
            nms = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil") if mode == "nearest" else ("round_prefer_floor",)
            for nm in nms:
                X = x if mode != "cubic" else f(1, 1, 4, 13)
                S = np.array([1] * (X.ndim - 1) + [sc], np.float32)
                case(
                    f"Rs_{mode}_{ct}_{sc}_{nm}",
                    "Resize",
                    [X, None, S],
                    [2],
                    opset=13,
                    mode=mode,
                    coordinate_transformation_mode=ct,
                    **({"nearest_mode": nm} if mode == "nearest" else {}),
                )
        case(
            f"Rz_{mode}_{ct}",
            "Resize",
            [X, None, None, i64(*X.shape[:-1], 20)],
            [3],
            opset=13,
            mode=mode,
            coordinate_transformation_mode=ct,
        )
case("RsAx", "Resize", [x, None, np.array([2.0], np.float32)], [2], opset=18, mode="linear", axes=[2])
for md in ("linear", "cubic"):
    X = f(1, 1, 8, 16)
    case("RsAA" + md, "Resize", [X, None, np.array([1, 1, 0.5, 0.6], np.float32)], [2], opset=18, mode=md, antialias=1)
case(
    "RsEx",
    "Resize",
    [f(1, 1, 4, 13), None, np.array([1, 1, 1, 0.7], np.float32)],
    [2],
    opset=13,
    mode="cubic",
    exclude_outside=1,
    cubic_coeff_a=-0.5,
)
case(
    "RsSym",
    "Resize",
    [x, None, np.array([1, 1, 1.7], np.float32)],
    [2],
    opset=19,
    mode="linear",
    coordinate_transformation_mode="half_pixel_symmetric",
)
case("Up9", "Upsample", [x, np.array([1, 1, 2.0], np.float32)], [1], opset=9, mode="nearest")
case("Up9l", "Upsample", [f(1, 1, 4, 13), np.array([1, 1, 1, 2.0], np.float32)], [1], opset=9, mode="linear")
S, B, I, H = 7, 3, 5, 4
for d in ("forward", "reverse", "bidirectional"):
    D = 2 if d[0] == "b" else 1
    for k, kw in enumerate(
        [{}, {"clip": 0.5}, {"seq": 1}, {"init": 1}, {"peep": 1}, {"input_forget": 1}, {"seq": 1, "init": 1, "peep": 1}]
    ):
        kw = dict(kw)
        seq = kw.pop("seq", 0)
        ini = kw.pop("init", 0)
        pe = kw.pop("peep", 0)
        case(
            f"LSTM_{d}_{k}",
            "LSTM",
            [
                f(S, B, I),
                f(D, 4 * H, I),
                f(D, 4 * H, H),
                f(D, 8 * H),
                np.array([7, 4, 2], np.int32) if seq else None,
                f(D, B, H) if ini else None,
                f(D, B, H) if ini else None,
                f(D, 3 * H) if pe else None,
            ],
            [1, 2, 3, 7],
            opset=14,
            nout=3,
            hidden_size=H,
            direction=d,
            **kw,
        )
    for k, kw in enumerate(
        [
            {},
            {"linear_before_reset": 1},
            {"clip": 0.5, "linear_before_reset": 1},
            {"seq": 1},
            {"init": 1, "linear_before_reset": 1},
            {"seq": 1, "init": 1, "linear_before_reset": 1},
        ]
    ):
        kw = dict(kw)
        seq = kw.pop("seq", 0)
        ini = kw.pop("init", 0)
        case(
            f"GRU_{d}_{k}",
            "GRU",
            [
                f(S, B, I),
                f(D, 3 * H, I),
                f(D, 3 * H, H),
                f(D, 6 * H),
                np.array([7, 4, 2], np.int32) if seq else None,
                f(D, B, H) if ini else None,
            ],
            [1, 2, 3],
            opset=14,
            nout=2,
            hidden_size=H,
            direction=d,
            **kw,
        )
    case(
        f"RNN_{d}",
        "RNN",
        [f(S, B, I), f(D, H, I), f(D, H, H), f(D, 2 * H)],
        [1, 2, 3],
        opset=14,
        nout=2,
        hidden_size=H,
        direction=d,
    )
case("SM11", "Softmax", [f(2, 3, 4, 5)], opset=11, axis=2)
case("SM12d", "LogSoftmax", [f(2, 3, 4)], opset=11)
case("HM11", "Hardmax", [f(2, 3, 4)], opset=11, axis=1)
case("HM13", "Hardmax", [f(2, 3, 4)], opset=13, axis=1)
for st, en, ax, sp in [
    ((5,), (0,), (2,), (-2,)),
    ((-1,), (-9999999999,), (2,), (-1,)),
    ((1, -5), (6, 99999999999), (1, 2), (2, 3)),
    ((12,), (-14,), (2,), (-5,)),
    ((3,), (2,), (2,), (1,)),
]:
    case(
        f"Slice{st}{en}".replace(" ", "").replace(",", "_").replace("(", "").replace(")", ""),
        "Slice",
        [x, i64(*st), i64(*en), i64(*ax), i64(*sp)],
        [1, 2, 3, 4],
        opset=13,
    )
case("Slice10", "Slice", [x], opset=9, starts=[1, 2], ends=[3, -2], axes=[1, 2])
for e, r in [(0, 0), (1, 0), (0, 1), (1, 1)]:
    case(f"CumSum{e}{r}", "CumSum", [x, i64(1)[0]], [1], opset=14, exclusive=e, reverse=r)
case("TopK", "TopK", [x, i64(3)], [1], opset=11, axis=2, nout=2, outty=[T.FLOAT, T.INT64])
case("TopKs", "TopK", [x, i64(3)], [1], opset=11, axis=1, largest=0, nout=2, outty=[T.FLOAT, T.INT64])
case("ArgMaxL", "ArgMax", [np.round(x)], opset=13, axis=2, select_last_index=1, outty=T.INT64)
case("ArgMin", "ArgMin", [np.round(x)], opset=13, axis=-2, keepdims=0, outty=T.INT64)
for eq, s1, s2 in [
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("ij,jk", (3, 4), (4, 5)),
    ("bct,cd->bdt", (2, 6, 7), (6, 3)),
    ("i,j->ij", (3,), (4,)),
    ("bij,bij->b", (2, 3, 4), (2, 3, 4)),
    ("ij,j->i", (3, 4), (4,)),
]:
    case("Ein" + eq.replace(",", "_").replace("->", "to"), "Einsum", [f(*s1), f(*s2)], opset=12, equation=eq)
case("Ein1", "Einsum", [f(2, 3, 4)], opset=12, equation="bij->jb")
case("Ein2", "Einsum", [f(2, 3, 4)], opset=12, equation="bij->b")
case("LN17", "LayerNormalization", [f(2, 3, 4), f(3, 4), f(3, 4)], [1, 2], opset=17, axis=1, nout=3)
case("LN17b", "LayerNormalization", [f(2, 3, 4), f(4)], [1], opset=17)
case("DivI", "Div", [np.array([-7, 7, -8, 9], np.int64), np.array([2, -2, 3, 4], np.int64)], opset=13, outty=T.INT64)
case("ModI", "Mod", [np.array([-7, 7, -8, 9], np.int64), np.array([2, -2, 3, 4], np.int64)], opset=13, outty=T.INT64)
case("ModF", "Mod", [f(5), f(5)], opset=13, fmod=1)
case("Gemm1", "Gemm", [f(3, 4), f(5, 4), f(5)], [1, 2], opset=13, transB=1, alpha=0.5, beta=2.0)
case("Gemm2", "Gemm", [f(4, 3), f(4, 5), f(3, 1)], [1, 2], opset=13, transA=1)
case("Gemm3", "Gemm", [f(4, 3), f(3, 5), f(5)], [], opset=13, beta=0.3)
case("PRelu1", "PRelu", [x, f(6, 1)], [1], opset=16)
case("PRelu2", "PRelu", [x, f(1)], [1], opset=16)
case("PRelu3", "PRelu", [x, f(13)], [1], opset=16)
case("PRelu4", "PRelu", [x, f(6, 13)], [1], opset=16)
case("BN", "BatchNormalization", [x, f(6), f(6), f(6), np.abs(f(6)) + 0.1], [1, 2, 3, 4], opset=15)
case("BN2", "BatchNormalization", [f(4, 6), f(6), f(6), f(6), np.abs(f(6)) + 0.1], [1, 2, 3, 4], opset=15)
case("IN", "InstanceNormalization", [x, f(6), f(6)], [1, 2], opset=6)
case("Celu", "Celu", [x], opset=12, alpha=0.7)
case("Selu", "Selu", [x], opset=6)
case("TR", "ThresholdedRelu", [x], opset=10, alpha=0.3)
case("HSig", "HardSigmoid", [x * 4], opset=6)
case("HSw", "HardSwish", [x * 4], opset=14)

for a in (
    "Tan",
    "Asin",
    "Acos",
    "Atan",
    "Sinh",
    "Cosh",
    "Asinh",
    "Atanh",
    "Erf",
    "Softsign",
    "Sign",
    "Round",
    "Floor",
    "Ceil",
    "Reciprocal",
    "Softplus",
):
    case("U" + a, a, [np.clip(x * 0.4, -0.99, 0.99) * (1 if a in ("Asin", "Acos", "Atanh") else 3)], opset=13)
case("GatherN", "Gather", [x, np.array([[0, -1], [2, 1]], np.int64)], [1], opset=13, axis=1)
case("GatherE", "GatherElements", [x, np.random.randint(-6, 6, (2, 4, 13)).astype(np.int64)], [1], opset=13, axis=1)
case("GatherD", "Gather", [x, np.array([0, -1, 3], np.int64)], [], opset=13, axis=2)
case("Tile", "Tile", [x, i64(2, 1, 3)], [1], opset=13)
case("Expand", "Expand", [f(3, 1), i64(2, 1, 6)], [1], opset=13)
case("Where", "Where", [x > 0, x, f(6, 1)], opset=9)
case("Clip", "Clip", [x, None, np.float32(0.5)], [2], opset=13)
case("Clip6", "Clip", [x], opset=6, max=0.3)
case("Flat", "Flatten", [f(2, 3, 4, 5)], opset=13, axis=-2)
case("MVN", "MeanVarianceNormalization", [f(2, 3, 4, 5)], opset=13)
case("LpN", "LpNormalization", [x], opset=1, axis=1, p=1)

with gzip.GzipFile("onnx-operators.json.gz", "wb", 9, mtime=0) as file:
    file.write(json.dumps(CASES).encode())
print(len(CASES), "cases")
