// Reductions over a dimension, and softmax (core/reduce): checks, and hands over.
#pragma once

#include <napi.h>

#include "core/reduce/reduce.h"

namespace conv1d::binding {

// Three arguments from `first` on: outer, count, inner.
FoldShape toFoldShape(const Napi::CallbackInfo& info, std::size_t first);

// Throws unless the shape has an element to be the largest or smallest.
void requireAnElement(Napi::Env env, const FoldShape& shape);

// Adds reduce, findExtreme and softmax to the module.
void defineReductions(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
