set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(TRIPLE x86_64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/glibc-2.31.cmake)
