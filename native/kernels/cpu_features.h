// What this CPU can run and this operating system lets us use.
#pragma once

namespace conv1d {

bool cpuHasAvx512();  // AVX-512F and BW/DQ/VL (every server core since 2017), with zmm state saved by the system
bool cpuHasAvx2();    // AVX2 and FMA3, with ymm state saved by the system
bool cpuHasNeon();    // always on arm64

}  // namespace conv1d
