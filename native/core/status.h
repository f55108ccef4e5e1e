// What a core function answers: the core never throws and never prints.
#pragma once

namespace conv1d {

enum class Status {
  kOk,
  kInvalidArgument,  // a parameter is outside its range
  kOverflow,         // sizes whose product or sum does not fit in 64 bits
  kTooShort,         // the padded input is shorter than the dilated kernel
  kPaddingTooWide,   // reflect or circular padding that would wrap more than once
  kOutOfMemory,
  kCancelled,  // the caller asked for it to stop; some outputs may be written
};

}  // namespace conv1d
