// The methods of Program that add a step, one for each kind.
#pragma once

#include "binding/network_program.h"

namespace conv1d::binding {

// network_steps_layers.cc
void addConvolution(const StepCall& call);
void addRecurrent(const StepCall& call);

// network_steps_elements.cc
void addPointwise(const StepCall& call);
void addBinary(const StepCall& call);
void addChannelwise(const StepCall& call);
void addCopy(const StepCall& call);
void addFill(const StepCall& call);
void addGlu(const StepCall& call);
void addPowScalar(const StepCall& call);

// network_steps_windows.cc
void addMaxPool(const StepCall& call);
void addAvgPool(const StepCall& call);
void addAdaptiveMaxPool(const StepCall& call);
void addAdaptiveAvgPool(const StepCall& call);
void addUpsampleNearest(const StepCall& call);
void addUpsampleLinear(const StepCall& call);

// network_steps_rows.cc
void addReduce(const StepCall& call);
void addSoftmax(const StepCall& call);
void addCumsum(const StepCall& call);
void addNormalise(const StepCall& call);
void addMatmul(const StepCall& call);

// network_steps_spectra.cc
void addSpectraOfFrames(const StepCall& call);
void addOverlapAddFrames(const StepCall& call);

}  // namespace conv1d::binding
