// SPDX-License-Identifier: Apache-2.0
//
// What it looks like when an owner is wrong: this one says that it is quiet as soon as it sends
// nothing new. What it has sent is still on its way when the machine counts as stopped.
#include <memory>

#include <blkdrain/harness.h>

#include "disk_export.h"
#include "export_under_check.h"

namespace {

using namespace blkdrain;

class HastyExport final : public DiskExport {
public:
    using DiskExport::DiskExport;

    StopProgress vm_stop(StopTicket ticket) override {
        static_cast<void>(DiskExport::vm_stop(ticket));
        return StopProgress::quiet;
    }
};

}  // namespace

int main(int argc, char** argv) {
    return harness::check_owner(argc, argv, harness::Stops::with_the_machine,
                                [](const harness::OwnerPlace& place) {
                                    return std::make_unique<ExportUnderCheck<HastyExport>>(place);
                                });
}
