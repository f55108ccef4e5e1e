// What a kernel has to tell compilers.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define CONV1D_UNROLL
#define CONV1D_KEEP_POINTER(pointer)
#define CONV1D_INLINE __forceinline
#define CONV1D_NOINLINE __declspec(noinline)
#else
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(CONV1D_COMPACT)
// With a check at every access, what is written out takes the compiler minutes; elsewhere it takes room.
#define CONV1D_UNROLL
#define CONV1D_INLINE inline
#else
#define CONV1D_UNROLL _Pragma("GCC unroll 16")
#define CONV1D_INLINE inline __attribute__((always_inline))
#endif
// Keeps the compiler from taking the pointer apart into a base and several indices, each of them an addition in a loop
// that has no port to spare for it (measured: 1.1 times slower).
#define CONV1D_KEEP_POINTER(pointer) __asm__("" : "+r"(pointer))
#define CONV1D_NOINLINE __attribute__((noinline))
#endif

// Keeps a vector that was loaded in its register: the compiler otherwise loads it again for each instruction that can
// read memory, where loads are what there is least of (measured: 3 x 6 vectors of a weight gradient in 1.7 of the
// time).
template <typename Vector>
CONV1D_INLINE void keepInRegister([[maybe_unused]] Vector& vector) {
#if !defined(_MSC_VER) || defined(__clang__)
  if constexpr (!__is_class(Vector)) {
#if defined(__x86_64__)
    __asm__("" : "+v"(vector));
#elif defined(__aarch64__)
    __asm__("" : "+w"(vector));
#endif
  }
#endif
}
