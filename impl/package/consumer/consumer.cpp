// SPDX-License-Identifier: Apache-2.0
//
// A program of somebody who compiles without exceptions: it makes one mistake after the other, and
// is told of each by value.
#include <array>
#include <cstddef>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <system_error>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/drivers/memory.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/graph.h>
#include <blkdrain/io_thread.h>

using namespace blkdrain;

namespace {

int surprises = 0;

void expect(const char* what, const Error& got, Errc wanted) {
    const bool as_wanted = got == wanted || (!got && wanted == Errc::ok);
    surprises += as_wanted ? 0 : 1;
    std::printf("%s %s: %s%s%s\n", as_wanted ? " " : "!", what, got.code.message().c_str(),
                got.message.empty() ? "" : ", ", got.message.c_str());
}

// Calls `ask` on the loop's thread.
template <class Ask>
Error on_loop(EventLoop& loop, Ask ask) {
    std::promise<Error> answer;
    loop.post([&] { answer.set_value(ask()); });
    return answer.get_future().get();
}

Error read(EventLoop& loop, BlockBackend& backend) {
    std::array<std::byte, 512> buffer{};
    return blocking::submit(loop, backend, Io::read(0, buffer));
}

}  // namespace

int main() {
    std::error_code error;
    const auto thread = IoThread::start("io", error);
    if (thread == nullptr) {
        std::fprintf(stderr, "no event loop: %s\n", error.message().c_str());
        return 1;
    }
    EventLoop& loop = thread->loop();
    Graph graph;
    expect("lend a loop", graph.add_loop(loop), Errc::ok);
    const NodeId filter = graph.add_node("filter", std::make_unique<PassthroughDriver>(), loop);
    const NodeId disk = graph.add_node("disk", std::make_unique<MemoryDriver>(1 << 20), loop);
    const NodeId nobody{disk.value + 1};
    BlockBackend guest(graph, "guest", loop);

    expect("read without medium", read(loop, guest), Errc::no_medium);
    expect("attach", blocking::attach(graph, filter, "file", disk), Errc::ok);
    expect("attach the other way round", blocking::attach(graph, disk, "file", filter),
           Errc::cycle);
    expect("a medium that is not there", blocking::insert_medium(graph, guest.id(), nobody),
           Errc::no_such_object);
    expect("a medium", blocking::insert_medium(graph, guest.id(), filter), Errc::ok);
    expect("a second one", blocking::insert_medium(graph, guest.id(), disk), Errc::has_medium);
    expect("read", read(loop, guest), Errc::ok);
    std::array<std::byte, 512> buffer{};
    expect("send from elsewhere",
           {guest.submit(Io::read(0, buffer), {[](void*, std::error_code) {}, nullptr}), {}},
           Errc::not_on_loop);
    expect("block the loop", on_loop(loop, [&] { return blocking::drain(guest); }),
           Errc::would_block_loop);
    expect("close what is in use", blocking::close(graph, disk), Errc::busy);
    expect("close the backend", blocking::close(guest), Errc::ok);
    expect("drain it afterwards", blocking::drain(guest), Errc::no_such_object);
    return surprises;
}
