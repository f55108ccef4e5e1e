// Large result buffers, used again when their last owner is gone.
//
// A fresh large buffer costs a page fault for every 4 KiB (a 38 MB output: more time than many convolutions take).
// These are kept for the next result of about the same size, and ask for huge pages.
#pragma once

#include <cstddef>

namespace conv1d {

// Smaller buffers are recycled by the C library (glibc maps larger ones anew each time), and stay transferable to
// workers.
constexpr std::size_t kMinPooledBytes = std::size_t{16} << 20;

// At least `bytes` of memory, aligned to a cache line, with whatever it held before; null when too much is lent out
// already or there is no memory.
void* takePooled(std::size_t bytes) noexcept;

// Another owner for the buffer that holds [from, from + bytes), when it is one of these and lent out: it stays lent
// until both have returned it. Null for any other memory.
void* sharePooled(const void* from, std::size_t bytes) noexcept;

// Gives a buffer back, from any thread.
void returnPooled(void* memory) noexcept;

}  // namespace conv1d
