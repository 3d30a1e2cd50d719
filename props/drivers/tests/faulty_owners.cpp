// SPDX-License-Identifier: Apache-2.0
//
// The export of the examples, sound or with the fault that BLKDRAIN_FAULT names.
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <blkdrain/error.h>
#include <blkdrain/harness.h>

#include "disk_export.h"

namespace {

using namespace blkdrain;

std::string_view fault() {
    const char* const name = std::getenv("BLKDRAIN_FAULT");
    return name == nullptr ? "none" : name;
}

// What it does wrong when the machine stops, and when others do.
class Stopping final : public DiskExport {
public:
    explicit Stopping(const harness::OwnerPlace& place)
        : DiskExport(place.graph, place.machine, place.name, place.home, place.queues),
          graph_(place.graph) {}

    StopProgress vm_stop(StopTicket ticket) override {
        if (fault() == "goes_on" || fault() == "job") {
            return StopProgress::quiet;
        }
        if (fault() == "stops_all") {
            graph_.quiesce_all({}, {}, nullptr);
        }
        const StopProgress progress =
            DiskExport::vm_stop(fault() == "quiet_never" ? StopTicket() : std::move(ticket));
        return fault() == "quiet_early" ? StopProgress::quiet : progress;
    }
    void vm_start() override {
        if (fault() != "stays_stopped") {
            DiskExport::vm_start();
        }
    }
    void section_end() override {
        if (fault() != "stays_gated") {
            DiskExport::section_end();
        }
    }

private:
    Graph& graph_;
};

// What it does wrong with its requests, and when it leaves.
class Subject final : public harness::Owner {
public:
    explicit Subject(const harness::OwnerPlace& place)
        : export_(place), home_(place.home), queues_(place.queues) {}

    [[nodiscard]] BackendId backend() const override { return export_.backend(); }

    std::error_code submit(std::size_t queue, const Io& io, Completion completion) override {
        const bool third = ++requests_ % 3 == 0;
        if (third && fault() == "refuses") {
            return make_error_code(Errc::busy);
        }
        if (third && fault() == "forgets") {
            return {};
        }
        Io sent = io;
        if (fault() == "moves") {
            sent.offset += 1U << 20U;
        }
        if (fault() == "sends_twice") {
            static_cast<void>(
                export_.submit(queue, sent, {[](void*, std::error_code) {}, nullptr}));
        }
        auto asked = std::make_unique<Asked>(Asked{*this, completion});
        if (const auto refused = export_.submit(queue, sent, {completed, asked.get()})) {
            return refused;
        }
        static_cast<void>(asked.release());
        if (fault() == "answers_early") {
            queues_[queue]->post([completion] { completion.function(completion.context, {}); });
        }
        return fault() == "refuses_late" && leaving_ ? make_error_code(Errc::closing)
                                                     : std::error_code();
    }

    void leave(std::function<void()> left) override {
        leaving_ = true;
        if (fault() == "leaves_early") {
            left();
            left = [] {};
        }
        export_.leave([left = std::move(left)] {
            if (fault() != "leaves_never") {
                left();
            }
            if (fault() == "leaves_twice") {
                left();
            }
        });
    }

private:
    struct Asked {
        Subject& by;
        Completion completion;

        void complete(std::error_code result) const {
            completion.function(completion.context, result);
        }
    };

    static void completed(void* context, std::error_code result) {
        const std::unique_ptr<Asked> asked(static_cast<Asked*>(context));
        if (fault() == "completes_elsewhere" && !asked->by.home_.is_current()) {
            asked->by.home_.post([told = *asked, result] { told.complete(result); });
            return;
        }
        if (fault() == "answers_early" || (fault() == "loses" && asked->by.leaving_)) {
            return;
        }
        asked->complete(fault() == "hides_errors" ? std::error_code() : result);
        if (fault() == "completes_twice") {
            asked->complete(result);
        }
    }

    Stopping export_;
    EventLoop& home_;
    const std::vector<EventLoop*> queues_;
    unsigned requests_ = 0;
    bool leaving_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    const harness::Stops stops =
        fault() == "job" ? harness::Stops::never : harness::Stops::with_the_machine;
    return harness::check_owner(argc, argv, stops, [](const harness::OwnerPlace& place) {
        return std::make_unique<Subject>(place);
    });
}
