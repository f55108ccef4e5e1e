"""InceptionTime (H. Ismail Fawaz and others, 2019), names as in https://github.com/timeseriesAI/tsai."""

import torch
from torch import nn


class InceptionModule(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.bottleneck = nn.Conv1d(inputs, 32, 1, bias=False) if inputs > 1 else nn.Identity()
        width = 32 if inputs > 1 else 1
        self.convs = nn.ModuleList(nn.Conv1d(width, 32, size, padding="same", bias=False) for size in (40, 20, 10))
        self.maxconvpool = nn.Sequential(nn.MaxPool1d(3, stride=1, padding=1), nn.Conv1d(inputs, 32, 1, bias=False))
        self.bn = nn.BatchNorm1d(128)

    def forward(self, x):
        narrow = self.bottleneck(x)
        return torch.relu(self.bn(torch.cat([*(conv(narrow) for conv in self.convs), self.maxconvpool(x)], dim=1)))


class InceptionBlock(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.inception = nn.ModuleList(InceptionModule(inputs if i == 0 else 128) for i in range(6))
        self.shortcut = nn.ModuleList(
            nn.Sequential(nn.Conv1d(channels, 128, 1, bias=False), nn.BatchNorm1d(128)) for channels in (inputs, 128)
        )

    def forward(self, x):
        shortcut = x
        for i, module in enumerate(self.inception):
            x = module(x)
            if i % 3 == 2:
                shortcut = x = torch.relu(x + self.shortcut[i // 3](shortcut))
        return x


class InceptionTime(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.inceptionblock = InceptionBlock(inputs)
        self.fc = nn.Linear(128, classes)

    def forward(self, x):
        return torch.softmax(self.fc(self.inceptionblock(x).mean(2)), dim=1)
