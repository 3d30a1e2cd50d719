// SPDX-License-Identifier: Apache-2.0
//
// What programs that run many scenarios want of the address sanitizer, which calls this if it is
// there; ASAN_OPTIONS overrides it.
// What is freed is kept for some hundred scenarios, not for thousands: else all memory is new to
// the caches, and a scenario takes half as long again.

extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options() {
    return "quarantine_size_mb=16:malloc_context_size=10:detect_stack_use_after_return=1:"
           "strict_string_checks=1";
}
