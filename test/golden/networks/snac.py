"""SNAC's decoder for 24 kHz: https://github.com/hubertsiuzdak/snac, names as there, weight norm in its older form."""

import torch
from torch import nn
from torch.nn.utils import weight_norm


class Snake(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x):
        return x + (self.alpha + 1e-9).reciprocal() * torch.sin(self.alpha * x).pow(2)

    def extra_repr(self):
        return str(self.alpha.shape[1])


class ResidualUnit(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.block = nn.Sequential(
            Snake(channels),
            weight_norm(nn.Conv1d(channels, channels, 7, padding=3 * dilation, dilation=dilation, groups=channels)),
            Snake(channels),
            weight_norm(nn.Conv1d(channels, channels, 1)),
        )

    def forward(self, x):
        return x + self.block(x)


class NoiseBlock(nn.Module):
    """Adds noise of (batch, 1, length), scaled by a projection of the signal; nothing without noise."""

    def __init__(self, channels):
        super().__init__()
        self.linear = weight_norm(nn.Conv1d(channels, channels, 1, bias=False))

    def forward(self, x, noise=None):
        return x if noise is None else x + noise * self.linear(x)


class DecoderBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.block = nn.Sequential(
            Snake(inputs),
            weight_norm(nn.ConvTranspose1d(inputs, outputs, 2 * stride, stride=stride, padding=stride // 2)),
            NoiseBlock(outputs),
            ResidualUnit(outputs, 1),
            ResidualUnit(outputs, 3),
            ResidualUnit(outputs, 9),
        )

    def forward(self, x, noise=None):
        for layer in self.block:
            x = layer(x, noise) if isinstance(layer, NoiseBlock) else layer(x)
        return x


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            weight_norm(nn.Conv1d(768, 768, 7, padding=3, groups=768)),
            weight_norm(nn.Conv1d(768, 1024, 1)),
            DecoderBlock(1024, 512, 8),
            DecoderBlock(512, 256, 8),
            DecoderBlock(256, 128, 4),
            DecoderBlock(128, 64, 2),
            Snake(64),
            weight_norm(nn.Conv1d(64, 1, 7, padding=3)),
            nn.Tanh(),
        )

    def forward(self, x, noises=()):
        noise = iter(noises)
        for layer in self.model:
            x = layer(x, next(noise, None)) if isinstance(layer, DecoderBlock) else layer(x)
        return x


class Codebook(nn.Module):
    def __init__(self):
        super().__init__()
        self.codebook = nn.Embedding(4096, 8)
        self.out_proj = weight_norm(nn.Conv1d(8, 768, 1))

    def forward(self, codes):
        return self.out_proj(self.codebook(codes).transpose(1, 2))


class Quantizer(nn.Module):
    """Three streams of codes, of a quarter, a half and all of the frames, to the decoder's input."""

    def __init__(self):
        super().__init__()
        self.quantizers = nn.ModuleList([Codebook(), Codebook(), Codebook()])

    def forward(self, codes):
        coarse, middle, fine = (quantizer(code) for quantizer, code in zip(self.quantizers, codes))
        return coarse.repeat_interleave(4, dim=2) + middle.repeat_interleave(2, dim=2) + fine


class SNAC(nn.Module):
    def __init__(self):
        super().__init__()
        self.quantizer = Quantizer()
        self.decoder = Decoder()

    def forward(self, codes, noises=()):
        return self.decoder(self.quantizer(codes), noises)
