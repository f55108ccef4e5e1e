"""A temporal convolutional network: https://github.com/locuslab/TCN, names as there."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import weight_norm


class TemporalBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel_size, dilation):
        super().__init__()
        self.left = (kernel_size - 1) * dilation
        self.conv1 = weight_norm(nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation))
        self.conv2 = weight_norm(nn.Conv1d(outputs, outputs, kernel_size, dilation=dilation))
        self.downsample = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x):
        y = torch.relu(self.conv1(F.pad(x, (self.left, 0))))
        y = torch.relu(self.conv2(F.pad(y, (self.left, 0))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class TCN(nn.Module):
    def __init__(self, inputs, classes, channels=25, kernel_size=7, levels=8):
        super().__init__()
        self.network = nn.Sequential(
            *(TemporalBlock(inputs if i == 0 else channels, channels, kernel_size, 2**i) for i in range(levels))
        )
        self.linear = nn.Conv1d(channels, classes, 1)

    def forward(self, x):
        return self.linear(self.network(x))
