#include "core/backward/adjoint.h"

#include <utility>

namespace conv1d {

Status makeAdjoint(const Geometry& g, Geometry* adjoint) noexcept {
  Parameters p = g.parameters;
  std::swap(p.inChannels, p.outChannels);
  p.transposed = !p.transposed;
  p.outputPadding = 0;
  p.mode = PaddingMode::kZeros;
  int64_t length = g.length;
  if (g.batch == 0) {  // of any lengths
    *adjoint = Geometry{p, 0, g.outLength, length};
    return Status::kOk;
  }
  if (p.transposed) {
    if (g.parameters.mode != PaddingMode::kZeros) {
      length += p.padLeft + p.padRight;
      p.padLeft = p.padRight = 0;
    }
    // Inputs behind the last one that an output reads.
    p.outputPadding = (length + p.padLeft + p.padRight - p.reach() - 1) % p.stride;
  }
  const Status status = makeGeometry(p, g.batch, g.outLength, adjoint);
  // An output padding of a whole stride would make one more.
  if (status == Status::kOk) adjoint->outLength = length;
  return status;
}

}  // namespace conv1d
