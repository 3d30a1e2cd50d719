// SPDX-License-Identifier: Apache-2.0
//
// A driver of one's own in use: what the owner reads is what it wrote, what lies in memory is not.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <future>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/coro.h>
#include <blkdrain/drivers/memory.h>
#include <blkdrain/io_thread.h>

#include "xor_driver.h"

using namespace blkdrain;

namespace {

using Block = std::array<std::byte, 512>;

coro::Task<void> write_and_read(BlockBackend& disk, const Block& written, Block& read,
                                std::promise<std::error_code>& ended) {
    std::error_code error = co_await coro::co_write(disk, 0, written);
    if (!error) {
        error = co_await coro::co_read(disk, 0, read);
    }
    ended.set_value(error);
}

}  // namespace

int main() {
    std::error_code error;
    const auto thread = IoThread::start("io", error);
    if (!thread) {
        std::fprintf(stderr, "no event loop: %s\n", error.message().c_str());
        return 1;
    }
    EventLoop& loop = thread->loop();
    Graph graph;
    Error failed = graph.add_loop(loop);
    auto driver = std::make_unique<MemoryDriver>(512);
    const MemoryDriver& memory = *driver;
    const NodeId below = graph.add_node("memory", std::move(driver), loop);
    const NodeId filter = graph.add_node("xor", std::make_unique<XorDriver>(std::byte{0x5a}), loop);
    BlockBackend disk(graph, "disk", loop);
    for (const Error& step : {blocking::attach(graph, filter, "file", below),
                              blocking::insert_medium(graph, disk.id(), filter)}) {
        failed = failed ? failed : step;
    }

    Block written;
    written.fill(std::byte{1});
    Block read{};
    std::promise<std::error_code> ended;
    coro::spawn(loop, write_and_read(disk, written, read, ended));
    error = ended.get_future().get();
    const std::vector<std::byte> stored = memory.contents();
    const bool encoded = std::count(stored.begin(), stored.end(), std::byte{0x5b}) == 512;
    std::printf("write and read: %s; what comes back is %s, what is stored is %s\n",
                error.message().c_str(), read == written ? "the same" : "not the same",
                encoded ? "encoded" : "not encoded");
    const Error closed = blocking::close(disk);
    return !failed && !error && read == written && encoded && !closed ? 0 : 1;
}
