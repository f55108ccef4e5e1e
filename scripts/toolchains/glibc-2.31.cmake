# This machine's GCC on the headers and libraries of Debian bullseye (glibc 2.31, GCC 10): what is linked needs no symbol that
# Node itself does not need (glibc 2.28). Included by linux-*-glibc.cmake, which set TRIPLE; scripts/sysroot.ts makes the folder.
#
# add_compile_options and not CMAKE_CXX_FLAGS_INIT: cmake-js sets CMAKE_CXX_FLAGS itself.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_CXX_COMPILER ${TRIPLE}-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # the sysroot is for shared libraries
set(CMAKE_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../../build-prebuild/sysroot/${TRIPLE})
set(OLD_GCC ${CMAKE_SYSROOT}/usr/lib/gcc/${TRIPLE}/10)
if(NOT EXISTS ${OLD_GCC}/libstdc++.a)
  message(FATAL_ERROR "${CMAKE_SYSROOT} is not there: `npm run prebuild` makes it")
endif()

add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-nostdinc++>
  "SHELL:-isystem ${CMAKE_SYSROOT}/usr/include/c++/10"
  "SHELL:-isystem ${CMAKE_SYSROOT}/usr/include/${TRIPLE}/c++/10")

# -L: the compiler looks into its own system's folders before the sysroot, and libgcc_eh and libstdc++ must be the old ones.
# The map tells checkBinaries.ts which unit each instruction is from.
add_link_options(-Wl,-Map=conv1d.map -static-libstdc++ -static-libgcc -B${CMAKE_SYSROOT}/usr/lib/${TRIPLE}
  -L${OLD_GCC} -L${CMAKE_SYSROOT}/usr/lib/${TRIPLE} -L${CMAKE_SYSROOT}/lib/${TRIPLE})
# Its own library in this glibc; without it std::thread believes that there are no threads.
set(CMAKE_CXX_STANDARD_LIBRARIES "-lpthread -lm")
