// SPDX-License-Identifier: Apache-2.0
//
// The library in one screen: two owners write to one disk from two loops; meanwhile one of them
// keeps the other out, the whole disk is brought to rest, and a filter is put in under the load.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/coro.h>
#include <blkdrain/drivers/memory.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/io_thread.h>

using namespace blkdrain;

namespace {

struct Owner {
    BlockBackend disk;
    std::atomic<unsigned> writes{0};
};

coro::Task<void> keep_writing(Owner& owner) {
    std::array<std::byte, 512> block{};
    while (!co_await coro::co_write(owner.disk, 0, block)) {
        ++owner.writes;
    }
}

void wait_for_a_write(const Owner& owner) {
    for (const unsigned before = owner.writes; owner.writes == before;) {
        std::this_thread::yield();
    }
}

void expect(bool fine, const char* what) {
    if (!fine) {
        std::fprintf(stderr, "failed: %s\n", what);
        std::exit(1);
    }
}

void expect(const Error& outcome) {
    expect(!outcome, outcome.message.c_str());
}

Section expect(blocking::SectionResult begun) {
    expect(begun.error);
    return std::move(begun.section);
}

std::unique_ptr<IoThread> start_thread(const char* name) {
    std::error_code error;
    std::unique_ptr<IoThread> thread = IoThread::start(name, error);
    expect(thread != nullptr, error.message().c_str());
    return thread;
}

}  // namespace

int main() {
    const std::unique_ptr<IoThread> vm = start_thread("vm");
    const std::unique_ptr<IoThread> jobs = start_thread("jobs");
    EventLoop& home = vm->loop();
    Graph graph;
    expect(graph.add_loop(home));
    expect(graph.add_loop(jobs->loop()));
    const NodeId memory = graph.add_node("memory", std::make_unique<MemoryDriver>(1 << 20), home);
    const NodeId top = graph.add_node("top", std::make_unique<PassthroughDriver>(), home);
    expect(blocking::attach(graph, top, "file", memory));

    Owner guest{BlockBackend(graph, "guest", home)};
    Owner mirror{BlockBackend(graph, "mirror", home)};
    expect(blocking::insert_medium(graph, guest.disk.id(), top));
    expect(blocking::insert_medium(graph, mirror.disk.id(), top));
    coro::spawn(home, keep_writing(guest));
    coro::spawn(jobs->loop(), keep_writing(mirror));
    wait_for_a_write(guest);

    {  // Everybody but the mirror is kept out; its own requests go on.
        const Section section = expect(blocking::isolate(mirror.disk));
        expect(blocking::quiet(graph, section.id()));  // what the guest had under way
        const unsigned frozen = guest.writes;
        wait_for_a_write(mirror);
        expect(guest.writes == frozen, "the guest got in");
        std::printf("isolated: the guest stays at %u writes, the mirror goes on\n", frozen);
    }
    {  // Nothing moves at the memory or anywhere around it.
        const Section section = expect(blocking::drained(graph, memory));
        const unsigned frozen = guest.writes + mirror.writes;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        expect(guest.writes + mirror.writes == frozen, "somebody got in");
        std::printf("drained: both stay where they are, at %u writes\n", frozen);
    }
    // Under load: the change waits by itself for what crosses the edge.
    const NodeId filter = graph.add_node("filter", std::make_unique<PassthroughDriver>(), home);
    expect(blocking::insert_filter(graph, memory, filter));
    wait_for_a_write(guest);
    wait_for_a_write(mirror);
    std::printf("a filter is in, and both go on through it\n");

    // The next write is refused, which ends the coroutine.
    expect(blocking::close(guest.disk));
    expect(blocking::close(mirror.disk));
}
