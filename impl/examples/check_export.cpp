// SPDX-License-Identifier: Apache-2.0
//
// The owner of this folder under the suite that the library's guest devices are checked with.
// --help says how to have it run longer, and how to run a machine again.
#include <memory>

#include <blkdrain/harness.h>

#include "disk_export.h"
#include "export_under_check.h"

int main(int argc, char** argv) {
    using namespace blkdrain;
    return harness::check_owner(argc, argv, harness::Stops::with_the_machine,
                                [](const harness::OwnerPlace& place) {
                                    return std::make_unique<ExportUnderCheck<DiskExport>>(place);
                                });
}
