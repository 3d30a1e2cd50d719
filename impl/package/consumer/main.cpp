// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstring>

#include <blkdrain/version.h>

int main() {
    std::printf("built with %s, linked with %s\n", BLKDRAIN_VERSION, blkdrain::version());
    return std::strcmp(BLKDRAIN_VERSION, blkdrain::version()) == 0 ? 0 : 1;
}
