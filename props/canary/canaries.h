// SPDX-License-Identifier: Apache-2.0
//
// The deliberately broken variants: one for each family of rules, each with the rule that the check
// must name. Most sit in the library's test builds (impl/src/os/canary.h), those at the end in the
// scripted drivers and owners of the harness.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace blkdrain_props {

// In the library, too: schedule, what only an order of the threads shows that is no matter of
// course; machine, what scenarios do not reach and machines do; effect, what every rule but R14
// permits, so that only runs that are compared show it (props/suites/drain_guest_test.cpp).
enum class CanaryHome : std::uint8_t { library, schedule, harness, machine, effect };

// A defect that breaks whatever happens to come in between.
inline constexpr int any_rule = -1;

struct CanaryRow {
    std::string_view name;
    int breaks;  // the rule; or any_rule
    int rule;    // what the check finds it by; or any_rule
    CanaryHome home;
    std::uint8_t number;  // harness: the value of HarnessCanary; else of detail::Canary
    std::string_view sentence;
};

enum class HarnessCanary : std::uint8_t {
    none,
    rogue_driver,
    completion_swallowed,
    answer_withheld,
};

// clang-format off
inline constexpr std::array canaries{
    CanaryRow{"admit-while-gated",       2,  2,  CanaryHome::library, 1,  "a send takes the fast path whatever the gate says"},
    CanaryRow{"done-before-callback",    3,  3,  CanaryHome::library, 2,  "a request counts as done before its completion has run"},
    CanaryRow{"token-opens-gated",       4,  4,  CanaryHome::library, 3,  "a token opens although a backend of it is gated"},
    CanaryRow{"quiet-early",             7,  7,  CanaryHome::library, 4,  "a wait for quiet returns at once"},
    CanaryRow{"notification-lost",       9,  9,  CanaryHome::library, 5,  "the owner is not told that its backend is free again"},
    CanaryRow{"drain-forgets-chain",     10, 10, CanaryHome::library, 6,  "a drain does not cover what completions of covered requests send"},
    CanaryRow{"drain-ignores-waiting",   11, 11, CanaryHome::library, 7,  "a drain does not cover requests that are waiting"},
    CanaryRow{"false-deadlock",          12, 12, CanaryHome::library, 8,  "one hostage among several things waited for is called a deadlock"},
    CanaryRow{"overtake",                18, 18, CanaryHome::library, 9,  "an end admits the newest waiting request first"},
    CanaryRow{"idle-before-settled",     20, 20, CanaryHome::library, 10, "a drained section is idle as soon as it is quiet"},
    CanaryRow{"internal-while-stopped",  21, 21, CanaryHome::library, 11, "a stopped node may start work of its own"},
    CanaryRow{"isolates-together",       23, 23, CanaryHome::library, 12, "isolates that conflict do not queue"},
    CanaryRow{"change-before-quiet",     24, 24, CanaryHome::library, 13, "a graph change does not wait for what crosses the edge"},
    CanaryRow{"abandon-reports-twice",   25, 25, CanaryHome::library, 14, "a wait that is given up calls back twice"},
    CanaryRow{"explain-hides",           26, 26, CanaryHome::library, 15, "explain() leaves out the first thing waited for"},
    CanaryRow{"close-before-done",       27, 27, CanaryHome::library, 16, "a backend is closed while requests of it are in flight"},
    CanaryRow{"move-without-consent",    28, 28, CanaryHome::library, 17, "a member that refuses to move to another loop is moved"},
    CanaryRow{"cycle-untold",            26, 26, CanaryHome::library, 18, "operations that wait in a circle are not reported"},
    CanaryRow{"fence-forgotten",         2,  any_rule, CanaryHome::schedule, 19, "a gate closes without the process-wide fence (shows under total store order alone)"},
    CanaryRow{"wake-flag-relaxed",       9,  9,  CanaryHome::schedule, 20, "a loop announces its sleep with a relaxed store (shows under total store order alone)"},
    CanaryRow{"wake-dropped",            9,  9,  CanaryHome::schedule, 21, "a loop that posts to another one does not wake it"},
    CanaryRow{"timer-stays-gated",       30, 30, CanaryHome::library, 22, "the timer of a throttle group stays with a member that is gated"},
    CanaryRow{"release-bypasses",        13, 13, CanaryHome::library, 23, "an end admits requests without asking their limits"},
    CanaryRow{"cancel-charges",          29, 13, CanaryHome::library, 24, "a request that is cancelled is charged"},
    CanaryRow{"drain-accelerates",       13, 13, CanaryHome::library, 25, "a drain admits what a limit keeps"},
    CanaryRow{"unquiesce-arms-twice",    30, 30, CanaryHome::library, 26, "a throttle group arms a timer beside the one it has"},
    CanaryRow{"cancel-completes-twice",  29, 29, CanaryHome::library, 27, "a request that is cancelled completes twice"},
    CanaryRow{"plug-survives-poll",      16, 16, CanaryHome::library, 28, "a plugged region goes on when its loop polls"},
    CanaryRow{"stop-drains-neighbour",   31, 31, CanaryHome::machine, 29, "a device stops by quiescing every backend, not its own"},
    CanaryRow{"gate-trusts-owner",       1,  2,  CanaryHome::library, 30, "a gate whose owner has not been told yet is not closed"},
    CanaryRow{"end-opens-gate",          5,  5,  CanaryHome::library, 31, "the end of one section opens the gate that another keeps closed"},
    CanaryRow{"exempts-forgotten",       6,  5,  CanaryHome::library, 32, "only the holder of an isolate is exempt"},
    CanaryRow{"completes-inside-call",   8,  8,  CanaryHome::library, 33, "a request that needs no driver completes inside its submit"},
    CanaryRow{"drain-gates",             14, 18, CanaryHome::library, 34, "a pending drain keeps new requests of its backend waiting"},
    CanaryRow{"drain-awaits-internal",   15, 10, CanaryHome::library, 35, "a drain waits for internal requests of the root"},
    CanaryRow{"errors-uncounted",        17, 10, CanaryHome::library, 36, "a drain is not told of a request that failed"},
    CanaryRow{"settle-unchecked",        19, 19, CanaryHome::library, 37, "a settle begins although somebody can still send"},
    CanaryRow{"internal-miscounted",     22, 22, CanaryHome::library, 38, "internal requests that end while their node is stopped stay counted"},
    CanaryRow{"interrupted-wait-stops",  any_rule, any_rule, CanaryHome::schedule, 39, "a loop whose wait is interrupted ends (shows with faults alone)"},
    CanaryRow{"lock-dropped",            any_rule, any_rule, CanaryHome::schedule, 40, "nobody holds the lock of a graph (shows where threads overlap alone)"},
    CanaryRow{"notify-dropped",          any_rule, any_rule, CanaryHome::machine, 41, "a blocking call is not told that its result is there"},
    CanaryRow{"look-forgotten",          9,  9,  CanaryHome::schedule, 42, "a loop that has announced its sleep does not look again"},
    CanaryRow{"stop-unheard",            any_rule, any_rule, CanaryHome::schedule, 43, "a loop that sleeps is not told to stop"},
    CanaryRow{"never-idle",              any_rule, any_rule, CanaryHome::schedule, 44, "a loop that has nothing to do looks again at once, for ever"},
    CanaryRow{"change-meets-settle",     24, 24, CanaryHome::library, 45, "a graph change does not wait for a settle above, which writes through its edge"},
    CanaryRow{"called-back-elsewhere",   9,  9,  CanaryHome::library, 46, "what waits calls back on the home loop of its object, wherever it was begun"},
    CanaryRow{"notified-elsewhere",      9,  9,  CanaryHome::library, 47, "owners are notified on the graph's first loop, wherever their backends are at home"},
    CanaryRow{"settled-elsewhere",       9,  9,  CanaryHome::library, 48, "drivers settle on the graph's first loop, wherever their nodes are at home"},
    CanaryRow{"wakes-outside",           2,  any_rule, CanaryHome::library, 49, "a loop that has slept counts requests where nobody who closes a gate can meet it"},
    CanaryRow{"waiting-as-running",      7,  any_rule, CanaryHome::library, 50, "a loop whose requests are all waiting does not tell that the last other one is done"},
    CanaryRow{"drain-puts-off",          14, 14, CanaryHome::effect,  51, "a request that meets a drain half-way is driven later, in a task of its own"},
    CanaryRow{"counts-sent-first",       7,  20, CanaryHome::schedule, 52, "of a loop's count, what was sent is read before what is done"},
    CanaryRow{"new-cells-unwatched",     7,  any_rule, CanaryHome::schedule, 53, "a loop that makes its cells while a gate closes is not watched"},
    CanaryRow{"loop-blocked",            8,  any_rule, CanaryHome::schedule, 54, "a blocking call on the thread of a loop is not refused"},
    CanaryRow{"loop-unnamed",            8,  8,  CanaryHome::schedule, 55, "a blocking call is refused without the name of the loop on whose thread it is made"},
    CanaryRow{"refusal-unsaid",          any_rule, any_rule, CanaryHome::library, 56, "a graph change that is refused gives a code and no sentence"},
    CanaryRow{"answer-withheld",         18, 18, CanaryHome::harness, 3,  "a device forgets every third request that it holds"},
    CanaryRow{"completion-swallowed",    3,  3,  CanaryHome::harness, 2,  "every third completion is not passed on to the owner"},
    CanaryRow{"rogue-driver",            20, 20, CanaryHome::harness, 1,  "a driver that is refused an internal request sends to its child all the same"},
};
// clang-format on

constexpr const CanaryRow* find_canary(std::string_view name) {
    for (const CanaryRow& row : canaries) {
        if (row.name == name) {
            return &row;
        }
    }
    return nullptr;
}

}  // namespace blkdrain_props
