// Elements by their index (core/indexing): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds takeRows and gatherAlong to the module.
void defineIndexing(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
