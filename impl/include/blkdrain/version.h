// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/export.h>
#include <blkdrain/world.h>

// The version of these headers, major.minor.patch. Before 1.0 a new minor version may change the
// interface.
#define BLKDRAIN_VERSION "0.1.0"

BLKDRAIN_NAMESPACE_BEGIN

// The version of the library that is linked, in the same form; static storage. Threads: any.
BLKDRAIN_EXPORT const char* version() noexcept;

BLKDRAIN_NAMESPACE_END
