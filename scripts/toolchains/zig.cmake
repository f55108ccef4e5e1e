# Zig as a C++ compiler for macOS and Windows. Included by zig-*.cmake, which set CMAKE_SYSTEM_NAME, CMAKE_SYSTEM_PROCESSOR and
# ZIG_TARGET; the environment's ZIG is the program.
set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/zig-c++ -target ${ZIG_TARGET})
foreach(tool IN ITEMS ar ranlib)
  set(program ${CMAKE_BINARY_DIR}/zig-${tool})
  file(WRITE ${program} "#!/bin/sh\nexec \"$ZIG\" ${tool} \"$@\"\n")
  file(CHMOD ${program} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  string(TOUPPER CMAKE_${tool} variable)
  set(${variable} ${program})
endforeach()
