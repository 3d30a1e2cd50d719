// SPDX-License-Identifier: Apache-2.0
//
// R14 under chosen schedules: a drain changes nothing for anybody else, whenever it is called and
// however long it is pending.
//
// A scenario of up to three clients and four loops is run twice by one schedule: as it is, and with
// guests, further clients which do nothing but drain backends of it. The schedule keeps the order
// of everybody else and has guests come in between at any point (sim/strategies/guests.h). Then
// every event of everybody else, that is each call, admission, line-up, completion, notification
// and each step of sections, changes and tokens, with its result, is the same in both runs, in the
// same order, on the same thread. There are two exceptions:
//  - a drain of a backend that has plugged requests takes their plugs off (R16): not compared;
//  - a drain's call does what it finds due, and that may be what another thread is just about to do
//    (one run in a hundred). Then it is what that thread does next without guests, before anybody
//    else does anything, and the rest is not compared.
//
// What this cannot show: a guest is not interrupted while it holds the lock of the graph, others
// are interrupted by guests alone, and stores do not wait. The check has all that
// (docs/testing.md), and judges it by the rules.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "check/protocol.h"
#include "harness/adapters/schedule_control.h"
#include "harness/generate_rapidcheck.h"
#include "sim/strategies/guests.h"
#include "suites/suite_runner.h"
#include "suites/without_drains.h"

namespace blkdrain_props {
namespace {

Limits limits() {
    Limits limits;
    limits.clients = clients_max - 1;
    limits.loops = loops_max;
    limits.operations = 28;
    limits.pace = Pace::free;
    return limits;
}

// What names waits by number among all that are pending would name others beside drains; and when
// nothing moves any more, which gives up calls that block, is a matter of the guests, too.
Scenario without_names_of_waits(Scenario scenario) {
    for (Program& program : scenario.programs) {
        for (std::size_t i = program.size(); i-- > 0;) {
            program[i].blocking = false;
            if (program[i].opcode == Opcode::abandon || program[i].opcode == Opcode::await) {
                program.erase(i);
            }
        }
    }
    return canonical(scenario);
}

// A byte is a drain: which backend, and in one of four whether it is given up after some time. They
// are dealt to as many guests as there is room for.
using Drains = std::vector<std::uint8_t>;
constexpr std::size_t drains_max = 16;

Record drain_of(std::uint8_t byte) {
    Record drain;
    drain.opcode = Opcode::drain;
    drain.a = byte % backends_max;
    drain.deadline = byte / 64 == 3 ? static_cast<std::uint8_t>(1 + byte / backends_max % 8) : 0;
    return drain;
}

Scenario with_guests(Scenario scenario, const Drains& drains) {
    const std::size_t first = scenario.programs.size();
    const std::size_t guests = std::min(clients_max - first, drains.size());
    for (std::size_t i = 0; i < guests; ++i) {
        scenario.programs.push_back({});
    }
    for (std::size_t i = 0; i < drains.size(); ++i) {
        scenario.programs[first + i % guests].push_back(drain_of(drains[i]));
    }
    return canonical(scenario);
}

class DrainGuest : public SuiteTest {
protected:
    ~DrainGuest() override { schedule_control() = {}; }

    struct Pair {
        std::uint8_t first_guest;
        WithoutDrains alone{first_guest};
        WithoutDrains beside{first_guest};
        std::optional<Violation> violation{};

        // The first two events that are not the same, if there are such.
        [[nodiscard]] auto difference() const {
            return std::ranges::mismatch(alone.lines(), beside.lines());
        }
        [[nodiscard]] bool same() const { return alone.lines() == beside.lines(); }
        // The same so far, but that a guest has done what another thread was about to do, before
        // anybody else did anything.
        [[nodiscard]] bool helped() const {
            const auto [one, other] = difference();
            if (other == beside.lines().end() || other->actor < first_guest) {
                return false;
            }
            auto next = one;
            while (next != alone.lines().end() && next->actor == one->actor &&
                   next->text != other->text) {
                ++next;
            }
            return next != alone.lines().end() && next->actor == one->actor;
        }
        // None: the drains had no effect that they may not have.
        [[nodiscard]] std::optional<std::string> effect() const {
            if (same() || helped() || beside.unplugged()) {
                return std::nullopt;
            }
            const auto [one, other] = difference();
            return "where without drains comes " + said(alone, one) + ", with them comes " +
                   said(beside, other);
        }

    private:
        static std::string said(const WithoutDrains& seen, auto line) {
            return line == seen.lines().end()
                       ? "nothing"
                       : "\"" + line->text + "\" by " + std::to_string(line->actor);
        }
    };

    Pair run_pair(const Scenario& scenario, const Drains& drains, std::uint64_t seed) {
        const std::size_t clients = scenario.programs.size();
        Pair pair{static_cast<std::uint8_t>(Actor::client_first + clients)};
        pair.violation = run_by_schedule(scenario, clients, seed, pair.alone);
        if (!pair.violation) {
            pair.violation =
                run_by_schedule(with_guests(scenario, drains), clients, seed, pair.beside);
        }
        return pair;
    }

    // For ./dev replay: the run with drains, its schedule written out.
    std::string as_file(const Scenario& scenario, const Drains& drains, std::uint64_t seed) {
        const std::optional<Scenario> told =
            as_deviations(with_guests(scenario, drains), [&](const Scenario& beside) {
                WithoutDrains seen;
                run_by_schedule(beside, scenario.programs.size(), seed, seen);
            });
        return told ? to_text(*told) : "(a schedule too long for a file)";
    }

private:
    std::optional<Violation> run_by_schedule(const Scenario& scenario, std::size_t first_guest,
                                             std::uint64_t seed, WithoutDrains& seen) {
        // Loops are the first threads, clients follow.
        blkdrain::sim::Guests schedule(
            seed, static_cast<std::uint32_t>(scenario.header.loops + first_guest));
        schedule_control().strategy = &schedule;
        const Outcome outcome = run(scenario, &seen);
        schedule_control().strategy = nullptr;
        return outcome.violation;
    }
};

RC_GTEST_FIXTURE_PROP(DrainGuest, changes_nothing_for_anybody_else, ()) {
    constexpr std::uint64_t schedules = 20;
    const Scenario scenario = without_names_of_waits(*any_scenario(limits()));
    const auto drains = *rc::gen::nonEmpty(rc::gen::arbitrary<Drains>());
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    for (std::uint64_t n = 0; n < schedules; ++n) {
        const Pair pair = run_pair(scenario, drains, seed + n);
        if (pair.violation) {
            RC_FAIL(pair.violation->signature() + ": " + pair.violation->sentence);
        }
        if (const std::optional<std::string> effect = pair.effect()) {
            RC_FAIL(*effect + " (R14)\n" + as_file(scenario, drains, seed + n));
        }
    }
}

// ---- With a fixed seed

struct Drawn {
    Scenario scenario;
    Drains drains;
    std::uint64_t seed;
};

Drawn draw(std::uint64_t n) {
    SeededSource source(n);
    Drawn drawn{without_names_of_waits(generate(source, limits())), {}, n};
    drawn.drains.resize(1 + source.pick(drains_max));
    for (std::uint8_t& drain : drawn.drains) {
        drain = static_cast<std::uint8_t>(source.pick(256));
    }
    return drawn;
}

TEST_F(DrainGuest, is_there_while_others_do_something_and_seldom_in_their_way) {
    constexpr std::size_t pairs = 1000;
    std::size_t overlapping = 0;
    std::size_t wholly = 0;
    for (std::uint64_t n = 0; n < pairs; ++n) {
        const Drawn drawn = draw(n);
        const Pair pair = run_pair(drawn.scenario, drawn.drains, drawn.seed);
        overlapping += pair.beside.overlapping() != 0 ? 1 : 0;
        wholly += pair.same() ? 1 : 0;
    }
    EXPECT_GT(overlapping, pairs / 2);
    EXPECT_GT(wholly, pairs * 95 / 100);
}

TEST_F(DrainGuest, can_be_told_as_a_file) {
    std::size_t told = 0;
    for (std::uint64_t n = 0; n < 100; ++n) {
        const Drawn drawn = draw(n);
        const Pair pair = run_pair(drawn.scenario, drawn.drains, drawn.seed);
        const ParsedText file = parse_text(as_file(drawn.scenario, drawn.drains, drawn.seed));
        if (!file.error) {
            WithoutDrains again(pair.first_guest);
            run(file.scenario, &again);
            EXPECT_EQ(again.lines(), pair.beside.lines()) << n;
            ++told;
        }
    }
    EXPECT_GT(told, 90U);
}

class DrainGuestCanary : public DrainGuest {
protected:
    ~DrainGuestCanary() override {
        release_canary(CanaryRow{"none", 0, 0, CanaryHome::library, 0, ""});
    }
    // In a process of its own: a run that fails leaves its graph behind.
    static void expect_apart(const std::function<bool()>& holds) {
        EXPECT_EXIT(_exit(holds() ? 0 : 1), testing::ExitedWithCode(0), "");
    }
};

class DrainGuestSees : public DrainGuestCanary, public testing::WithParamInterface<const char*> {};

TEST_P(DrainGuestSees, it) {
    release_canary(*find_canary(GetParam()));
    expect_apart([&] {
        bool seen = false;
        for (std::uint64_t n = 0; n < 5000 && !seen; ++n) {
            const Drawn drawn = draw(n);
            seen = run_pair(drawn.scenario, drawn.drains, drawn.seed).effect().has_value();
        }
        return seen;
    });
}

INSTANTIATE_TEST_SUITE_P(Effects, DrainGuestSees,
                         testing::Values("drain-gates", "drain-accelerates", "drain-puts-off"));

// When a request is driven is no rule's business.
TEST_F(DrainGuestCanary, what_a_drain_puts_off_is_seen_by_comparison_alone) {
    judges_ = Judges::both;
    release_canary(*find_canary("drain-puts-off"));
    expect_apart([&] {
        bool refused = false;
        for (std::uint64_t n = 0; n < 2000 && !refused; ++n) {
            const Scenario scenario =
                scenario_of(Suite::scheduled, seed_of(31, Suite::scheduled, 0, n));
            refused = run(scenario).violation.has_value();
        }
        return !refused;
    });
}

}  // namespace
}  // namespace blkdrain_props
