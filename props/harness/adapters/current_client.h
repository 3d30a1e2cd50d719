// SPDX-License-Identifier: Apache-2.0
//
// The client that runs on this thread.
#pragma once

#include "os/backend.h"

namespace blkdrain_props {

struct CurrentClientTag {};
// Null: none.
using CurrentClient = blkdrain::os::thread_slot<CurrentClientTag, unsigned>;

// While it lives. The thread may go on afterwards, as that of the host does.
class ClientScope {
public:
    explicit ClientScope(unsigned number) : number_(number) { CurrentClient::set(&number_); }
    ~ClientScope() { CurrentClient::set(nullptr); }
    ClientScope(const ClientScope&) = delete;
    ClientScope& operator=(const ClientScope&) = delete;

private:
    unsigned number_;
};

}  // namespace blkdrain_props
