// SPDX-License-Identifier: Apache-2.0
#include "barriers.h"

#include <cstdlib>

#include <sys/syscall.h>

namespace blkdrain::bench {

std::uint64_t barriers = 0;

namespace {

// The names that the linker gives to a wrapped function and to what it wraps.
extern "C" long counted_syscall(long number, int command, unsigned flags,
                                int cpu) asm("__wrap_syscall");
extern "C" long plain_syscall(long number, ...) asm("__real_syscall");

}  // namespace

extern "C" long counted_syscall(long number, int command, unsigned flags, int cpu) {
    if (number != __NR_membarrier) {
        std::abort();  // the library makes no other system call by its number
    }
    ++barriers;
    return plain_syscall(number, command, flags, cpu);
}

}  // namespace blkdrain::bench
