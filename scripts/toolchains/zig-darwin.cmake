# Included by zig-darwin-*.cmake.
set(CMAKE_SYSTEM_NAME Darwin)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # CMake's programs are position-independent, which Zig refuses
# What cmake-js adds on macOS: Node has the functions of N-API.
add_link_options(-Wl,-undefined,dynamic_lookup)
