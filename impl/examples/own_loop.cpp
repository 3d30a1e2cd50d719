// SPDX-License-Identifier: Apache-2.0
//
// An owner with a loop that is not ours: its epoll watches the descriptor of an EventLoop and runs
// one round whenever there is something to do. Callbacks instead of coroutines, one thread, no
// exceptions.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <system_error>

#include <sys/epoll.h>
#include <unistd.h>

#include <blkdrain/block_backend.h>
#include <blkdrain/drivers/null.h>

using namespace blkdrain;
using namespace std::chrono_literals;

namespace {

// Reads a number of times, one after the other, then closes, which waits for what is under way.
struct Owner {
    BlockBackend disk;
    unsigned reads_left = 5;
    std::array<std::byte, 512> buffer{};
    bool ended = false;
    bool failed = false;

    void read() {
        const Completion completion{[](void* context, std::error_code result) {
                                        static_cast<Owner*>(context)->completed(result);
                                    },
                                    this};
        end_if(disk.submit(Io::read(0, buffer), completion));
    }

    void completed(std::error_code result) {
        end_if(result);
        if (!ended && --reads_left > 0) {
            read();
        } else if (!ended) {
            disk.close({}, [this](const Error& closed) {
                end_if(closed.code);
                ended = true;
            });
        }
    }

    void end_if(std::error_code error) {
        if (error) {
            std::fprintf(stderr, "%s\n", error.message().c_str());
            failed = ended = true;
        }
    }
};

}  // namespace

int main() {
    std::error_code error;
    const auto loop = EventLoop::create("ours", error);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_event interest{.events = EPOLLIN, .data = {}};
    if (!loop || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, loop->fd(), &interest) != 0) {
        std::perror("no event loop");
        return 1;
    }
    bool failed = false;
    {
        Graph graph;
        Error refused = graph.add_loop(*loop);
        const NodeId null = graph.add_node(
            "null", std::make_unique<NullDriver>(NullOptions{.latency = 1ms}), *loop);
        Owner owner{BlockBackend(graph, "disk", *loop)};
        graph.insert_medium(owner.disk.id(), null, {}, [&](const Error& inserted) {
            owner.end_if(inserted.code);
            owner.read();
        });
        // The foreign loop. A round may leave more to do; then fd() is readable at once.
        while (!owner.ended && !refused) {
            epoll_event ready{};
            if (epoll_wait(epoll, &ready, 1, -1) == 1) {
                loop->run_once(0ns);
            }
        }
        failed = owner.failed || refused;
        std::printf("%u reads left\n", owner.reads_left);
    }
    close(epoll);
    return failed ? 1 : 0;
}
