// SPDX-License-Identifier: Apache-2.0
#include "check/worker.h"
#include "machine/machine_run.h"

int main(int argc, char** argv) {
    return blkdrain_props::work({argv + 1, argv + argc}, blkdrain_props::run_machine);
}
