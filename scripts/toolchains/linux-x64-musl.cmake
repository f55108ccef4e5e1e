# This machine's GCC with musl's C library and LLVM's C++ library, which is linked in. Debian has no C++ library built for
# musl; its static libc++ is a glibc build, of which the addon uses parts (threads, strings, exceptions) that need nothing but
# what musl has too: scripts/checkBinaries.ts compares the symbols. fortify.cc holds the five that differ.
#
# Debian: musl-dev, libc++-14-dev, libc++abi-14-dev, libunwind-14-dev.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER x86_64-linux-gnu-g++)
set(MUSL x86_64-linux-musl)
set(LLVM /usr/lib/llvm-14)
foreach(file IN ITEMS crtbeginS.o crtendS.o include)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${file}
    OUTPUT_VARIABLE GCC_${file} OUTPUT_STRIP_TRAILING_WHITESPACE)
endforeach()

set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # there is no start-up code for programs here
set(CONV1D_TOOLCHAIN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/fortify.cc)
add_compile_definitions(_LIBCPP_HAS_MUSL_LIBC)
add_compile_options(-nostdinc -nostdinc++
  "SHELL:-isystem ${LLVM}/include/c++/v1"
  "SHELL:-isystem /usr/include/${MUSL}"
  "SHELL:-isystem ${GCC_include}")
add_link_options(-Wl,-Map=conv1d.map -nostdlib /usr/lib/${MUSL}/crti.o ${GCC_crtbeginS.o})
# CMake puts these behind everything else on the linker's command line.
string(JOIN " " CMAKE_CXX_STANDARD_LIBRARIES
  ${LLVM}/lib/libc++.a ${LLVM}/lib/libc++abi.a ${LLVM}/lib/libunwind.a -lgcc
  -L/usr/lib/${MUSL} -lc ${GCC_crtendS.o} /usr/lib/${MUSL}/crtn.o)
