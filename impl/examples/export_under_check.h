// SPDX-License-Identifier: Apache-2.0
//
// An export as the suites want their owners.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include <blkdrain/harness.h>

template <class Kind>
class ExportUnderCheck final : public blkdrain::harness::Owner {
public:
    explicit ExportUnderCheck(const blkdrain::harness::OwnerPlace& place)
        : export_(place.graph, place.machine, place.name, place.home, place.queues) {}

    [[nodiscard]] blkdrain::BackendId backend() const override { return export_.backend(); }
    std::error_code submit(std::size_t queue, const blkdrain::Io& io,
                           blkdrain::Completion completion) override {
        return export_.submit(queue, io, completion);
    }
    void leave(std::function<void()> left) override { export_.leave(std::move(left)); }

private:
    Kind export_;
};
