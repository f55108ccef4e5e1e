"""EnCodec's decoder for 24 kHz, causal: https://github.com/facebookresearch/encodec, names as there."""

import torch.nn.functional as F
from torch import nn
from torch.nn.utils import weight_norm


class NormConv1d(nn.Module):
    def __init__(self, inputs, outputs, kernel_size):
        super().__init__()
        self.conv = weight_norm(nn.Conv1d(inputs, outputs, kernel_size))

    def forward(self, x):
        return self.conv(x)


class SConv1d(nn.Module):
    """Sees what came before, and before the first sample its reflection."""

    def __init__(self, inputs, outputs, kernel_size):
        super().__init__()
        self.left = kernel_size - 1
        self.conv = NormConv1d(inputs, outputs, kernel_size)

    def forward(self, x):
        return self.conv(F.pad(x, (self.left, 0), mode="reflect"))


class NormConvTranspose1d(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.convtr = weight_norm(nn.ConvTranspose1d(inputs, outputs, 2 * stride, stride))

    def forward(self, x):
        return self.convtr(x)


class SConvTranspose1d(nn.Module):
    """Cuts at the right what depends on samples to come."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride = stride
        self.convtr = NormConvTranspose1d(inputs, outputs, stride)

    def forward(self, x):
        return self.convtr(x)[..., : x.shape[-1] * self.stride]


class SLSTM(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.lstm = nn.LSTM(channels, channels, 2)

    def forward(self, x):
        steps = x.permute(2, 0, 1)
        return (self.lstm(steps)[0] + steps).permute(1, 2, 0)


class SEANetResnetBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block = nn.Sequential(nn.ELU(), SConv1d(channels, channels // 2, 3), nn.ELU(), SConv1d(channels // 2, channels, 1))
        self.shortcut = SConv1d(channels, channels, 1)

    def forward(self, x):
        return self.shortcut(x) + self.block(x)


class SEANetDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [SConv1d(128, 512, 7), SLSTM(512)]
        for i, stride in enumerate((8, 5, 4, 2)):
            layers += [nn.ELU(), SConvTranspose1d(512 >> i, 256 >> i, stride), SEANetResnetBlock(256 >> i)]
        self.model = nn.Sequential(*layers, nn.ELU(), SConv1d(32, 1, 7))

    def forward(self, x):
        return self.model(x)
