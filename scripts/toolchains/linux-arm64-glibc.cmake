# Debian: g++-aarch64-linux-gnu.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(TRIPLE aarch64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/glibc-2.31.cmake)
