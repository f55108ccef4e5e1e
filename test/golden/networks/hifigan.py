"""HiFi-GAN's generator, version 1: https://github.com/jik876/hifi-gan, names as there."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import weight_norm


def convolution(channels, kernel_size, dilation):
    padding = (kernel_size - 1) * dilation // 2
    return weight_norm(nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding))


class ResBlock(nn.Module):
    def __init__(self, channels, kernel_size):
        super().__init__()
        self.convs1 = nn.ModuleList([convolution(channels, kernel_size, dilation) for dilation in (1, 3, 5)])
        self.convs2 = nn.ModuleList([convolution(channels, kernel_size, 1) for _ in range(3)])

    def forward(self, x):
        for first, second in zip(self.convs1, self.convs2):
            x = x + second(F.leaky_relu(first(F.leaky_relu(x, 0.1)), 0.1))
        return x


class Generator(nn.Module):
    def __init__(self, channels=512):
        super().__init__()
        self.conv_pre = weight_norm(nn.Conv1d(80, channels, 7, padding=3))
        self.ups = nn.ModuleList(
            weight_norm(nn.ConvTranspose1d(channels >> i, channels >> (i + 1), kernel_size, stride, padding=stride // 2))
            for i, (kernel_size, stride) in enumerate([(16, 8), (16, 8), (4, 2), (4, 2)])
        )
        self.resblocks = nn.ModuleList(ResBlock(channels >> i, kernel_size) for i in range(1, 5) for kernel_size in (3, 7, 11))
        self.conv_post = weight_norm(nn.Conv1d(channels >> 4, 1, 7, padding=3))

    def forward(self, x):
        x = self.conv_pre(x)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, 0.1))
            one, two, three = self.resblocks[3 * i : 3 * i + 3]
            x = (one(x) + two(x) + three(x)) / 3
        return torch.tanh(self.conv_post(F.leaky_relu(x)))
