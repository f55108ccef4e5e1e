set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(ZIG_TARGET x86_64-windows-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)

# What CMakeLists.txt makes with MSVC: the functions of N-API, as node.exe exports them.
set(NODE_LIB ${CMAKE_BINARY_DIR}/node.lib)
execute_process(COMMAND $ENV{ZIG} dlltool -m i386:x86-64 -D node.exe -l ${NODE_LIB}
  -d ${CMAKE_CURRENT_LIST_DIR}/../../node_modules/node-api-headers/def/node_api.def COMMAND_ERROR_IS_FATAL ANY)

# fma(), which the scalar kernels call for float64: Zig's own gives NaN for some subnormal numbers. This is musl's, which is
# exact, and of which Zig carries the source.
set(FMA ${CMAKE_BINARY_DIR}/fma.obj)
get_filename_component(ZIG_FOLDER "$ENV{ZIG}" DIRECTORY)
set(MUSL ${ZIG_FOLDER}/lib/libc/musl)
execute_process(COMMAND $ENV{ZIG} cc -target ${ZIG_TARGET} -O2 -I${MUSL}/src/internal -I${MUSL}/arch/x86_64
  -c ${MUSL}/src/math/fma.c -o ${FMA} COMMAND_ERROR_IS_FATAL ANY)

set(CMAKE_JS_LIB ${NODE_LIB} ${FMA})
