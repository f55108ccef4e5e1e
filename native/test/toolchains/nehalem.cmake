# x86-64 without AVX (2008), emulated: CTest runs the tests under qemu-user.
# Debian: qemu-user-static.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-x86_64-static -cpu Nehalem)
set(CONV1D_EXPECTED_KERNELS "scalar")
