// SPDX-License-Identifier: Apache-2.0
//
// script_check < recording: runs the scripts of a recording (script_record) in the simulated world
// and checks that everything the kernel showed is allowed there. Exit 0: it is; 1: it is not, with
// the step; 2: not a recording.
//
// The simulator leaves open which ready events a wait reports and in which order. So it is steered:
// from the recording it follows which answers would produce that report, and the answers are given
// through the ordinary strategy.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "script.h"
#include "sim/machine.h"
#include "sim/simulation.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;

// Gives prepared answers; the default's when there is none.
class Steered final : public sim::Strategy {
public:
    std::uint32_t pick(const sim::Choice& choice) override {
        if (answers_.empty()) {
            return choice.fallback;
        }
        const std::uint32_t answer = answers_.front();
        answers_.pop_front();
        return answer;
    }

    void prepare(std::uint32_t answer) { answers_.push_back(answer); }
    void forget() { answers_.clear(); }

private:
    std::deque<std::uint32_t> answers_;
};

std::vector<os::ready> parse(std::string_view recorded) {
    std::vector<os::ready> events;
    std::string text(recorded.substr(1));
    const char* at = text.c_str();
    while (*at != ']' && *at != '\0') {
        char* end = nullptr;
        const std::uint64_t cookie = std::strtoull(at, &end, 10);
        const auto bits = static_cast<std::uint32_t>(std::strtoul(end + 1, &end, 10));
        events.push_back(os::ready{cookie, bits});
        at = end + 1;
    }
    return events;
}

struct Counts {
    std::uint64_t scripts = 0;
    std::uint64_t steps = 0;
    std::uint64_t nonempty_waits = 0;
    std::uint64_t partial_waits = 0;    // the kernel left something for later
    std::uint64_t reordered_waits = 0;  // not in the order of registration
};

class Simulated final : public os_test::ScriptWorld {
public:
    Simulated(Steered& strategy, Counts& counts) : strategy_(strategy), counts_(counts) {}

    std::vector<os::ready> wait(os::poller& poller, std::uint32_t room,
                                std::string_view recorded) override {
        using Reportable = sim::DescriptorTable::Reportable;
        std::vector<Reportable> allowed;
        sim::Machine::current().descriptors().list_events(poller.fd(), allowed);
        const std::vector<os::ready> wanted = parse(recorded);
        const std::size_t fits = std::min<std::size_t>(room, allowed.size());
        if (fits >= 2) {
            strategy_.prepare(wanted.size() == fits ? 0
                                                    : static_cast<std::uint32_t>(wanted.size()));
        }
        bool in_order = true;
        const std::size_t offered = allowed.size();
        for (const os::ready& event : wanted) {
            const auto found = std::ranges::find_if(allowed, [&event](const Reportable& candidate) {
                return candidate.event.cookie == event.cookie &&
                       candidate.event.events == event.events;
            });
            if (found == allowed.end()) {
                break;
            }
            const auto index = static_cast<std::uint32_t>(found - allowed.begin());
            in_order = in_order && index == 0;
            if (allowed.size() >= 2) {
                strategy_.prepare(index);
            }
            allowed.erase(found);
        }
        counts_.nonempty_waits += wanted.empty() ? 0 : 1;
        counts_.partial_waits += wanted.size() < offered ? 1 : 0;
        counts_.reordered_waits += in_order ? 0 : 1;
        std::vector<os::ready> events(room);
        const int count = poller.wait(events, os::duration::zero());
        strategy_.forget();
        events.resize(static_cast<std::size_t>(count));
        return events;
    }

    void let_expire(os::timer_handle& /*timer*/, os::time_point deadline) override {
        sim::advance_to(deadline);
    }

private:
    Steered& strategy_;
    Counts& counts_;
};

// What went wrong, or nothing.
std::optional<std::string> check(std::uint64_t seed, std::istringstream& recording,
                                 Counts& counts) {
    std::optional<std::string> failure;
    Steered strategy;
    Simulated world(strategy, counts);
    sim::Simulation simulation(strategy);
    simulation.spawn("script", [&] {
        os_test::ScriptMachine machine;
        std::size_t number = 0;
        for (const os_test::ScriptStep& step : os_test::generate_script(seed)) {
            std::string recorded;
            if (!(recording >> recorded)) {
                failure = "the recording is too short";
                return;
            }
            const std::string simulated = machine.perform(step, world, recorded);
            if (simulated != recorded) {
                std::ostringstream text;
                text << "step " << number << ": " << to_string(step) << ": the kernel showed "
                     << recorded << ", the simulator " << simulated;
                failure = text.str();
                return;
            }
            ++number;
            ++counts.steps;
        }
    });
    const sim::Outcome outcome = simulation.run();
    if (!failure && !outcome.finished()) {
        failure = outcome.to_string();
    }
    return failure;
}

}  // namespace

int main() {
    Counts counts;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string first;
        words >> first;
        if (first == "end") {
            std::uint64_t announced = 0;
            words >> announced;
            std::printf("%" PRIu64 " scripts, %" PRIu64 " steps; waits with events %" PRIu64
                        ", partial %" PRIu64 ", reordered %" PRIu64 "\n",
                        counts.scripts, counts.steps, counts.nonempty_waits, counts.partial_waits,
                        counts.reordered_waits);
            if (announced != counts.scripts || announced == 0) {
                std::fputs("the recording is incomplete\n", stderr);
                return 2;
            }
            return 0;
        }
        const std::uint64_t seed = std::strtoull(first.c_str(), nullptr, 10);
        if (const auto failure = check(seed, words, counts)) {
            std::fprintf(stderr, "script %" PRIu64 ": %s\n", seed, failure->c_str());
            return 1;
        }
        ++counts.scripts;
    }
    std::fputs("the recording has no end\n", stderr);
    return 2;
}
