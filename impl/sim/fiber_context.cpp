// SPDX-License-Identifier: Apache-2.0
//
// Compiled without sanitizers (see CMakeLists.txt): code between two stacks must not touch a shadow
// stack of either. The sanitizers' entry points are weak, so that one object file serves every
// build: absent they are null.
#include "sim/fiber_context.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <boost/context/detail/fcontext.hpp>
#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
__attribute__((weak)) void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom,
                                                          std::size_t size);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom,
                                                           std::size_t* size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void* start,
                                                         std::size_t size);
__attribute__((weak)) void __asan_handle_no_return();
__attribute__((weak)) void* __tsan_get_current_fiber();
__attribute__((weak)) void* __tsan_create_fiber(unsigned flags);
__attribute__((weak)) void __tsan_destroy_fiber(void* fiber);
__attribute__((weak)) void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}

#if defined(_LIBCPP_VERSION)
// The ABI knows it, libc++'s header does not say so.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals();
}  // namespace __cxxabiv1
#endif

namespace blkdrain::sim {

namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

// Called by what the compiler cannot see through: OSS-Fuzz takes a program that calls this
// sanitizer by name for one that is built with it.
void (*volatile const unpoison_memory)(const volatile void*,
                                       std::size_t) = __asan_unpoison_memory_region;
void (*volatile const handle_no_return)() = __asan_handle_no_return;

// Each switch counts as synchronisation: simulated objects tell ThreadSanitizer nothing about their
// own order, so that without this it would report every hand-over. It hence finds no races here;
// the real world is where it looks.
constexpr unsigned tsan_synchronise = 0;

std::size_t page_size() {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

std::size_t stack_bytes_here() {
    const bool sanitized =
        __sanitizer_start_switch_fiber != nullptr || __tsan_switch_to_fiber != nullptr;
    return sanitized ? sanitized_stack_size : stack_size;
}

}  // namespace

struct FiberContext::Access {
    static ExceptionState& current_exceptions() {
        return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
    }

    // The first thing done on a stack that was switched to.
    static FiberContext& arrive(transfer_t transfer) {
        FiberContext& from = *static_cast<FiberContext*>(transfer.data);
        FiberContext& self = *from.target_;
        from.resume_point_ = transfer.fctx;
        if (__sanitizer_finish_switch_fiber != nullptr) {
            const void* bottom = nullptr;
            std::size_t size = 0;
            __sanitizer_finish_switch_fiber(self.asan_fake_stack_, &bottom, &size);
            if (from.mapping_ == nullptr) {
                from.stack_bottom_ = bottom;
                from.stack_bytes_ = size;
            }
        }
        return self;
    }

    static void leave(FiberContext& from, FiberContext& to) {
        ExceptionState& exceptions = current_exceptions();
        from.exceptions_ = exceptions;
        exceptions = to.exceptions_;
        from.target_ = &to;
        if (__tsan_switch_to_fiber != nullptr) {
            if (from.mapping_ == nullptr) {
                from.tsan_fiber_ = __tsan_get_current_fiber();
            }
            __tsan_switch_to_fiber(to.tsan_fiber_, tsan_synchronise);
        }
        if (__sanitizer_start_switch_fiber != nullptr) {
            // Null: the fake stack is freed.
            __sanitizer_start_switch_fiber(from.closing_ ? nullptr : &from.asan_fake_stack_,
                                           to.stack_bottom_, to.stack_bytes_);
        }
        arrive(jump_fcontext(to.resume_point_, &from));
    }

    // noexcept: an exception that leaves a simulated thread ends the process, as it does with a
    // real one.
    static void enter(transfer_t transfer) noexcept {
        FiberContext& self = arrive(transfer);
        if (self.dropped_) {
            self.dropped_ = false;
            if (const auto forget_frames = handle_no_return) {
                forget_frames();  // or the fake stack keeps those of the one before
            }
        }
        FiberContext* next = self.entry_(self.argument_);
        leave(self, *next);
        std::abort();
    }
};

FiberContext::~FiberContext() {
    if (mapping_ == nullptr) {
        return;
    }
    if (asan_fake_stack_ != nullptr) {
        // Nobody but a fiber can free its own.
        closing_ = true;
        FiberContext host;
        prepare([](void* back) { return static_cast<FiberContext*>(back); }, &host);
        switch_to(host, *this);
    }
    if (tsan_fiber_ != nullptr) {
        __tsan_destroy_fiber(tsan_fiber_);
    }
    ::munmap(mapping_, page_size() + stack_bytes_);
}

void FiberContext::prepare(Entry entry, void* argument) {
    if (mapping_ == nullptr) {
        const std::size_t bytes = stack_bytes_here();
        void* memory = ::mmap(nullptr, page_size() + bytes, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED || ::mprotect(static_cast<std::byte*>(memory) + page_size(), bytes,
                                               PROT_READ | PROT_WRITE) != 0) {
            std::perror("blkdrain simulator: no memory for a stack");
            std::abort();
        }
        mapping_ = static_cast<std::byte*>(memory);
        stack_bottom_ = mapping_ + page_size();
        stack_bytes_ = bytes;
    }
    if (__tsan_create_fiber != nullptr && tsan_fiber_ == nullptr) {
        tsan_fiber_ = __tsan_create_fiber(0);
    }
    entry_ = entry;
    argument_ = argument;
    exceptions_ = {};
    std::byte* const top = mapping_ + page_size() + stack_bytes_;
    resume_point_ = make_fcontext(top, stack_bytes_, &Access::enter);
}

void FiberContext::drop() {
    dropped_ = true;
    if (const auto unpoison = unpoison_memory) {
        unpoison(stack_bottom_, stack_bytes_);
    }
    if (tsan_fiber_ != nullptr) {
        // Its shadow call stack still holds the dropped frames.
        __tsan_destroy_fiber(tsan_fiber_);
        tsan_fiber_ = nullptr;
    }
}

void FiberContext::switch_to(FiberContext& from, FiberContext& to) {
    Access::leave(from, to);
}

}  // namespace blkdrain::sim
