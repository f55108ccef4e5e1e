// Memory of results. It belongs to V8 alone, so that every way of JavaScript's to hand it on or to drop it is safe;
// this file only makes it cheap: few page faults when it is fresh, none when it comes back from the C library.
#pragma once

#include <cstddef>

namespace conv1d {

// To be called before the first write to a result of this size: asks for huge pages, and from the first large result on
// has the C library keep what is freed.
void prepareResult(void* memory, std::size_t bytes) noexcept;

// Gives back to the system what the C library and the pool of inputs keep. From any thread; takes about a millisecond
// per 20 MB.
void giveBackFreeMemory() noexcept;

}  // namespace conv1d
