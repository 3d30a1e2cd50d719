// SPDX-License-Identifier: Apache-2.0
//
// A job: copies one disk to another, chunk by chunk, and stops when told to. Sections come between
// two chunks, never between reading a chunk and writing it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <span>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/coro.h>
#include <blkdrain/drivers/memory.h>
#include <blkdrain/io_thread.h>

using namespace blkdrain;

namespace {

constexpr std::uint64_t disk_size = 1 << 20;
constexpr std::uint64_t chunk_size = 64 << 10;

coro::Task<std::error_code> copy(Graph& graph, BlockBackend& from, BlockBackend& to,
                                 std::stop_token stop) {
    std::vector<std::byte> chunk(chunk_size);
    const std::vector<BackendId> both = {from.id(), to.id()};
    const WaitOptions options;
    for (std::uint64_t at = 0; at < disk_size; at += chunk_size) {
        coro::TokenResult step = co_await coro::co_open_token(graph, both, options, stop);
        std::error_code error = step.error.code;
        if (!error) {
            error = co_await coro::co_read(from, at, chunk, step.token.id(), stop);
        }
        if (!error) {
            error = co_await coro::co_write(to, at, chunk, step.token.id(), stop);
        }
        if (error) {
            co_return error;
        }
    }
    co_return std::error_code();
}

coro::Task<void> tell(coro::Task<std::error_code> job, std::promise<std::error_code>& ended) {
    ended.set_value(co_await job);
}

void expect(std::error_code outcome, std::error_code expected) {
    if (outcome != expected) {
        std::fprintf(stderr, "%s\n", outcome.message().c_str());
        std::exit(1);
    }
}

struct Disk {
    Disk(Graph& graph, const char* name, EventLoop& loop, std::chrono::milliseconds latency = {})
        : backend(graph, name, loop) {
        auto made = std::make_unique<MemoryDriver>(disk_size, latency);
        driver = made.get();
        const NodeId node = graph.add_node(name, std::move(made), loop);
        expect(blocking::insert_medium(graph, backend.id(), node).code, {});
    }

    BlockBackend backend;
    const MemoryDriver* driver = nullptr;
};

}  // namespace

int main() {
    std::error_code error;
    const auto jobs = IoThread::start("jobs", error);
    expect(error, {});
    Graph graph;
    expect(graph.add_loop(jobs->loop()).code, {});
    Disk source(graph, "source", jobs->loop());
    Disk target(graph, "target", jobs->loop());
    Disk slow(graph, "slow", jobs->loop(), std::chrono::hours(1));

    std::promise<std::error_code> copied;
    coro::spawn(jobs->loop(), tell(copy(graph, source.backend, target.backend, {}), copied));
    expect(copied.get_future().get(), {});
    std::printf("copied: the disks are %s\n",
                source.driver->contents() == target.driver->contents() ? "equal" : "not equal");

    std::stop_source stop;
    std::promise<std::error_code> stopped;
    coro::spawn(jobs->loop(),
                tell(copy(graph, slow.backend, target.backend, stop.get_token()), stopped));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the first read is on its way
    stop.request_stop();
    expect(stopped.get_future().get(), Errc::cancelled);
    std::printf("stopped: nobody waited an hour for the first chunk\n");

    for (Disk* disk : {&source, &target, &slow}) {
        expect(blocking::close(disk->backend).code, {});
    }
    return source.driver->contents() == target.driver->contents() ? 0 : 1;
}
