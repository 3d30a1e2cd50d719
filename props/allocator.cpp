// SPDX-License-Identifier: Apache-2.0
//
// The new and delete of programs that run many scenarios, where mimalloc is installed.
#include <mimalloc-new-delete.h>
