// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lock discipline as attributes: clang's -Wthread-safety checks them, every other compiler ignores
// them.

#if defined(__clang__)
#define BLKDRAIN_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define BLKDRAIN_THREAD_ATTRIBUTE(x)
#endif

// On a class: its objects are locks.
#define BLKDRAIN_CAPABILITY(name) BLKDRAIN_THREAD_ATTRIBUTE(capability(name))
// On a class: its objects hold a lock from constructor to destructor.
#define BLKDRAIN_SCOPED_CAPABILITY BLKDRAIN_THREAD_ATTRIBUTE(scoped_lockable)
// On a field: read and written only with the lock held; on a pointer: what it points to is.
#define BLKDRAIN_GUARDED_BY(lock) BLKDRAIN_THREAD_ATTRIBUTE(guarded_by(lock))
#define BLKDRAIN_PT_GUARDED_BY(lock) BLKDRAIN_THREAD_ATTRIBUTE(pt_guarded_by(lock))
// On a function: what it does to the locks named, or what it expects of them.
#define BLKDRAIN_ACQUIRE(...) BLKDRAIN_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define BLKDRAIN_TRY_ACQUIRE(...) BLKDRAIN_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define BLKDRAIN_RELEASE(...) BLKDRAIN_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define BLKDRAIN_REQUIRES(...) BLKDRAIN_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define BLKDRAIN_EXCLUDES(...) BLKDRAIN_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
// On a function: promises at run time that the lock is held, where the compiler cannot see it.
#define BLKDRAIN_ASSERT_HELD(...) BLKDRAIN_THREAD_ATTRIBUTE(assert_capability(__VA_ARGS__))
#define BLKDRAIN_RETURN_CAPABILITY(x) BLKDRAIN_THREAD_ATTRIBUTE(lock_returned(x))
// On a function whose locking the analysis cannot follow; each use gives its reason.
#define BLKDRAIN_NO_THREAD_SAFETY_ANALYSIS BLKDRAIN_THREAD_ATTRIBUTE(no_thread_safety_analysis)
