// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <blkdrain/graph.h>
#include <blkdrain/version.h>

int main() {
    const blkdrain::Graph graph;
    return graph.explain_all().empty() && std::strcmp(BLKDRAIN_VERSION, blkdrain::version()) == 0
               ? 0
               : 1;
}
