// Loops whose width is chosen when the program starts.
#pragma once

/// Before a function that is no template: it is compiled a second time for AVX-512, and the loader takes the
/// version that the machine has. Both give the same bits, because fused multiply-adds are explicit and sums
/// keep their order. Sanitizers' run-time libraries do not bear being called before the program starts, as
/// the choice is.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SPARCELL_HAS_WIDE
#define SPARCELL_WIDE __attribute__((target_clones("default", "arch=x86-64-v4")))
/// Before a function that is written a second time, for AVX-512 by its instructions, which stands before the
/// other under the same name: V4 there, BASE here.
#define SPARCELL_V4 __attribute__((target("arch=x86-64-v4")))
#define SPARCELL_BASE __attribute__((target("default")))
#elif defined(__AVX512F__)
/// A sanitized build for processors with AVX-512 (-mavx512f and its like) checks what is written for them: BASE
/// yields to V4 as a template does.
#define SPARCELL_HAS_WIDE
#define SPARCELL_WIDE
#define SPARCELL_V4
#define SPARCELL_BASE template <class = void>
#else
#define SPARCELL_WIDE
#define SPARCELL_BASE
#endif
