// SPDX-License-Identifier: Apache-2.0
#include "worlds.h"

namespace os_test {

const int races_per_run = 500;
const bool time_is_virtual = false;

void in_world(const std::function<void()>& body) {
    body();
}

void under_many_schedules(const std::function<void()>& body) {
    for (int i = 0; i < 20; ++i) {
        body();
    }
}

}  // namespace os_test
