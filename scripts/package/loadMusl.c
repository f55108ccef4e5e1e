// Loads the addon with musl's own loader, which resolves every symbol, runs its constructors and asks for its N-API version.
// It is as far as one gets without a Node built for musl: Node-API's functions are stubs that are never called.
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  void* const addon = dlopen(arguments[1], RTLD_NOW);
  if (addon == NULL) {
    printf("%s\n", dlerror());
    return 1;
  }
  int (*const version)(void) = (int (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  if (version == NULL) return 1;
  printf("%d\n", version());
  return 0;
}
