// SPDX-License-Identifier: Apache-2.0
//
// The new and delete of the workers, where mimalloc is installed.
#include <mimalloc-new-delete.h>
