// SPDX-License-Identifier: Apache-2.0

// Compiled once per room with only that room linked: the rooms below it are visible, those above it
// are not. Compiled once more for the reference, which sees nothing of the library. A
// CMakeLists.txt is what each folder is sure to hold.

#if __has_include("base/CMakeLists.txt") != SEES_base
#error "base is not where it belongs"
#endif
#if __has_include("os/CMakeLists.txt") != SEES_os
#error "os is not where it belongs"
#endif
#if __has_include("loop/CMakeLists.txt") != SEES_loop
#error "loop is not where it belongs"
#endif
#if __has_include("graph/CMakeLists.txt") != SEES_graph
#error "graph is not where it belongs"
#endif
#if __has_include("throttle/CMakeLists.txt") != SEES_throttle
#error "throttle is not where it belongs"
#endif
#if __has_include("request/CMakeLists.txt") != SEES_request
#error "request is not where it belongs"
#endif
#if __has_include("section/CMakeLists.txt") != SEES_section
#error "section is not where it belongs"
#endif
#if __has_include("drivers/CMakeLists.txt") != SEES_drivers
#error "drivers is not where it belongs"
#endif
#if __has_include("owners/CMakeLists.txt") != SEES_owners
#error "owners is not where it belongs"
#endif
#if __has_include(<blkdrain/world.h>) != SEES_public_headers
#error "the public headers are not where they belong"
#endif
#if __has_include(<blkdrain_ref/state.h>) && SEES_public_headers
#error "the reference is visible to the library"
#endif
