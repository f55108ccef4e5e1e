// Spectra of frames, and back (core/spectra): checks, and hands over.
#pragma once

#include <napi.h>

#include <cstddef>

#include "core/spectra/frames.h"

namespace conv1d::binding {

// The sizes that the functions' arguments begin with: signals, length, frames, size, hop.
FrameShape toFrameShape(const Napi::CallbackInfo& info);
// Throws unless all frames lie in their signals.
void requireFrames(Napi::Env env, const FrameShape& shape);

// The two factors from this argument on; and all that overlapAddFrames is told from there on.
BinFactors toBinFactors(const Napi::CallbackInfo& info, std::size_t first);
OverlapAdd toOverlapAdd(const Napi::CallbackInfo& info, std::size_t first, const FrameShape& shape);

int64_t signalElements(Napi::Env env, const FrameShape& shape);
int64_t spectrumElements(Napi::Env env, const FrameShape& shape);

// Adds spectraOfFrames and overlapAddFrames to the module.
void defineSpectra(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
