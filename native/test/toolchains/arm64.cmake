# arm64 from another machine; CTest runs the tests under qemu-user.
# Debian: g++-aarch64-linux-gnu, qemu-user-static. Static, so that the emulator needs no foreign system folder.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
set(CONV1D_EXPECTED_KERNELS "neon scalar")
