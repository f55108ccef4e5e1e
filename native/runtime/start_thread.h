// Threads that nobody joins: those of the pool and of the job queue live until the process ends.
#pragma once

namespace conv1d {

// Calls body(context) on a new thread; false, and nothing happens, when the system has no thread or no memory for one.
bool startThread(void (*body)(void* context), void* context) noexcept;

// For tests: while it is refused, startThread() answers as a system without threads does.
void refuseThreads(bool refuse) noexcept;

}  // namespace conv1d
