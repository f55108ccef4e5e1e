// Convolution in chunks: what of a signal is still needed, and how the next chunk is joined to it.
//
// The signal lies between its paddings on one line of positions, and output t reads the window of `span` positions that
// begins at t * stride. `lead` is how far what has arrived reaches beyond the beginning of the next output's window:
//
//   stride 1, 3 taps, padding [2, 0], after 4 inputs and 4 outputs (span 3, reach 2, lead 2)
//
//     positions         0   0   x0  x1  x2  x3 | c0  c1
//     window of output 4                [x2  x3    c0]
//                                        <-lead->
//
// A new stream has lead = padLeft; each input adds 1, each output takes away a stride. It is negative while a stride
// longer than the span skips inputs. At most reach = span - 1 inputs are ever needed again: the history, a ring of the
// last `reach` positions of every row (item and channel), zeros before the first input.
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "core/status.h"

namespace conv1d {

// One chunk: which convolution gives its outputs, and on what.
struct StreamStep {
  int64_t outputs = 0;
  Geometry geometry;           // of the convolution, when there are outputs
  bool readsChunk = false;     // its input is the chunk itself; otherwise the rows that joinRows() writes
  int64_t joinedElements = 0;  // of all those rows

  int64_t reach = 0;
  int64_t rows = 0;     // batch * inChannels
  int64_t carried = 0;  // positions of the history in the window
  int64_t skipped = 0;  // of the chunk, before the window
  int64_t length = 0;   // of the chunk
  // Taps so far apart that most of what lies between them is read by no output of this chunk: only what is read is
  // joined.
  int64_t stretch = 0;  // positions that a tap reads; 0 where everything is joined
  int64_t dilation = 0;
};

// A chunk of `length` inputs, followed by `padRight` zeros when it is the last. `lead` is as described above. The
// parameters' own padding has no effect.
Status makeStreamStep(const Parameters& parameters, int64_t batch, int64_t length, int64_t lead, int64_t padRight,
                      StreamStep* step) noexcept;

// Writes the input of step.geometry, (batch, inChannels, geometry.length): the end of the history (rows, reach) whose
// oldest column is `oldest`, then the chunk (rows, length).
template <typename T>
void joinRows(const StreamStep& step, const T* history, int64_t oldest, const T* chunk, T* joined) noexcept;

// Replaces the oldest columns of the history by the chunk. Returns which column is the oldest afterwards.
template <typename T>
int64_t remember(const StreamStep& step, const T* chunk, int64_t oldest, T* history) noexcept;

}  // namespace conv1d
