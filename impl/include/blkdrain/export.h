// SPDX-License-Identifier: Apache-2.0
#pragma once

// Marks a class or function that users of the shared library call; everything else is built with
// hidden visibility.
#define BLKDRAIN_EXPORT __attribute__((visibility("default")))
