#include "binding/stay_loaded.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#elif defined(__APPLE__)
#include <dlfcn.h>
#endif

namespace conv1d::binding {

void stayLoaded() noexcept {
#if defined(_WIN32)
  HMODULE library = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&stayLoaded), &library);
#elif defined(__APPLE__)
  Dl_info library = {};
  if (dladdr(reinterpret_cast<const void*>(&stayLoaded), &library) != 0 && library.dli_fname != nullptr) {
    dlopen(library.dli_fname, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  }
#endif
}

}  // namespace conv1d::binding
