# x86-64 with AVX2 and FMA3, without AVX-512 (2013), emulated: CTest runs the tests under qemu-user.
# Debian: qemu-user-static.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
# Without what qemu would warn about at every start.
set(CMAKE_CROSSCOMPILING_EMULATOR
  qemu-x86_64-static -cpu Haswell,hle=off,rtm=off,pcid=off,invpcid=off,x2apic=off,tsc-deadline=off)
set(CONV1D_EXPECTED_KERNELS "avx2 scalar")
set(CONV1D_READABLE_GUARDS ON)
