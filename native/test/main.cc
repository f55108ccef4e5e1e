// doctest's implementation and main(), compiled once for all themes.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest.h>
