// SPDX-License-Identifier: Apache-2.0
//
// A machine with one disk: a guest that reads from two queues, a stop, and going on.
#include <array>
#include <cstddef>
#include <cstdio>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

#include <blkdrain/blocking.h>
#include <blkdrain/drivers/memory.h>
#include <blkdrain/graph.h>
#include <blkdrain/io_thread.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/owners/vm_state.h>

using namespace blkdrain;

namespace {

int failed(const char* what, const std::error_code& error) {
    std::fprintf(stderr, "%s: %s\n", what, error.message().c_str());
    return 1;
}

// A guest's request: its buffer, and where its result goes.
struct GuestRead {
    std::array<std::byte, 512> buffer{};
    std::promise<std::error_code> result;

    std::error_code put_into(const RequestQueue& queue) {
        RequestQueue into = queue;
        const Completion completion{[](void* context, std::error_code outcome) {
                                        static_cast<GuestRead*>(context)->result.set_value(outcome);
                                    },
                                    this};
        return into.submit(Io::read(0, buffer), completion);
    }
};

}  // namespace

int main() {
    std::error_code error;
    const std::unique_ptr<IoThread> io0 = IoThread::start("io0", error);
    const std::unique_ptr<IoThread> io1 = IoThread::start("io1", error);
    if (error) {
        return failed("no I/O thread", error);
    }
    EventLoop& loop = io0->loop();
    Graph graph;
    if (graph.add_loop(loop) || graph.add_loop(io1->loop())) {
        return failed("no loop", error);
    }
    const NodeId node = graph.add_node("bytes", std::make_unique<MemoryDriver>(1 << 20), loop);

    VmState vm("vm0", loop);
    GuestDevice disk(graph, vm, "vda", loop, {&loop, &io1->loop()});
    if (const Error inserted = blocking::insert_medium(graph, disk.backend(), node)) {
        return failed(inserted.message.c_str(), inserted.code);
    }

    GuestRead before;
    if (const std::error_code refused = before.put_into(disk.queue(0))) {
        return failed("submit", refused);
    }
    if (const std::error_code result = before.result.get_future().get()) {
        return failed("read", result);
    }

    if (const Error stopped = blocking::stop(vm)) {
        return failed(stopped.message.c_str(), stopped.code);
    }
    GuestRead meanwhile;
    if (const std::error_code refused = meanwhile.put_into(disk.queue(1))) {
        return failed("submit", refused);
    }
    // It stays there.
    std::printf("stopped, with %zu request in the queue\n", disk.queue(1).load().backlog);
    vm.cont();
    if (const std::error_code result = meanwhile.result.get_future().get()) {
        return failed("read", result);
    }

    std::promise<Error> gone;
    disk.unplug(nullptr, [&](Error outcome) { gone.set_value(std::move(outcome)); });
    if (const Error outcome = gone.get_future().get()) {
        return failed(outcome.message.c_str(), outcome.code);
    }
    std::puts("unplugged");
    return 0;
}
