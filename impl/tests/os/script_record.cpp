// SPDX-License-Identifier: Apache-2.0
//
// script_record COUNT SEED: runs that many scripts on the kernel and prints one line per script:
// its seed, then what each step showed. The last line is "end COUNT".
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include <poll.h>

#include <blkdrain/detail/check.h>

#include "script.h"

namespace {

namespace os = blkdrain::os;

class Kernel final : public os_test::ScriptWorld {
public:
    std::vector<os::ready> wait(os::poller& poller, std::uint32_t room,
                                std::string_view /*recorded*/) override {
        std::vector<os::ready> events(room);
        const int count = poller.wait(events, os::duration::zero());
        events.resize(static_cast<std::size_t>(count));
        return events;
    }

    void let_expire(os::timer_handle& timer, os::time_point /*deadline*/) override {
        pollfd wanted{timer.fd(), POLLIN, 0};
        while (::poll(&wanted, 1, -1) != 1) {
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: script_record COUNT SEED\n", stderr);
        return 2;
    }
    const std::uint64_t count = std::strtoull(argv[1], nullptr, 10);
    const std::uint64_t seed = std::strtoull(argv[2], nullptr, 10);
    Kernel kernel;
    std::string line;
    for (std::uint64_t i = 0; i < count; ++i) {
        line = std::to_string(seed + i);
        os_test::ScriptMachine machine;
        for (const os_test::ScriptStep& step : os_test::generate_script(seed + i)) {
            line += ' ';
            line += machine.perform(step, kernel, {});
        }
        std::puts(line.c_str());
    }
    std::printf("end %llu\n", static_cast<unsigned long long>(count));
    return 0;
}
