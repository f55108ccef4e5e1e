// Pool threads run this library's code after the last environment that loaded it is gone.
#pragma once

namespace conv1d::binding {

// Keeps the library in memory until the process ends. On Linux the linker's -z nodelete does, and this is empty.
void stayLoaded() noexcept;

}  // namespace conv1d::binding
