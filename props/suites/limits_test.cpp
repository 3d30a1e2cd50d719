// SPDX-License-Identifier: Apache-2.0
//
// R13: in every window of time a group admits no more than rate times time, the burst, and one
// largest request, whatever sections, drains and cancels do. Counted from the trace alone: what the
// model holds in its buckets does not matter here.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;

// What went through one limit since it was set for the first time.
class Account {
public:
    void limit(const ref::Rate& by) {
        if (by.rate == 0) {
            admitted_.clear();
            rate_ = burst_ = 0;
        } else {  // over a window in which it changes the larger values count
            rate_ = std::max(rate_, by.rate);
            burst_ = std::max(burst_, by.burst);
        }
    }

    // False: some window that ends now has let too much through.
    bool admit(std::uint64_t time, std::uint64_t units) {
        if (rate_ == 0) {
            return true;
        }
        admitted_.push_back({time, units});
        std::uint64_t sum = 0;
        std::uint64_t largest = 0;
        for (std::size_t i = admitted_.size(); i-- > 0;) {
            sum += admitted_[i].units;
            largest = std::max(largest, admitted_[i].units);
            const std::uint64_t drained = rate_ * (time - admitted_[i].time);
            if ((sum - largest - std::min(sum - largest, burst_)) * ref::billion > drained) {
                return false;
            }
        }
        return true;
    }

private:
    struct Admitted {
        std::uint64_t time;
        std::uint64_t units;
    };
    std::vector<Admitted> admitted_;
    std::uint64_t rate_ = 0;
    std::uint64_t burst_ = 0;
};

class Windows final : public TimeLine {
public:
    void event(const ref::Event& event, const ref::State& /*before*/,
               std::uint8_t /*actor*/) override {
        using Kind = ref::Event::Kind;
        Group& group = groups_[event.group.value];
        switch (event.kind) {
            case Kind::clock:
                group.now = event.time;
                break;
            case Kind::limit:
                group.iops_size = event.iops_size;
                group.accounts.at(event.bucket).limit(event.rate);
                break;
            case Kind::join:
                if (event.error == ref::Error::ok) {
                    member_of_[event.backend.value] = event.group.value;
                }
                break;
            case Kind::leave:
                member_of_.erase(event.backend.value);
                break;
            case Kind::send:
                sent_[event.request.value] = event;
                break;
            case Kind::admit:
                admit(sent_[event.request.value]);
                break;
            default:
                break;
        }
    }
    void operation(unsigned, std::uint8_t, const Record&, const char*, bool) override {}
    void outcome(unsigned, Slot, Opcode, Result) override {}
    void at_rest(const Judge&) override {}
    void healing() override { admitted_before_healing = admitted; }

    std::string exceeded;
    std::uint64_t admitted = 0;
    std::uint64_t admitted_before_healing = 0;

private:
    struct Group {
        std::uint64_t now = 0;
        std::uint32_t iops_size = 0;
        std::array<Account, 6> accounts;
    };

    void admit(const ref::Event& send) {
        const auto member = member_of_.find(send.backend.value);
        if (member == member_of_.end() || send.flush) {
            return;
        }
        Group& group = groups_[member->second];
        const std::size_t own = send.direction == ref::Direction::read ? 1 : 2;
        const std::uint64_t pieces =
            group.iops_size == 0
                ? 1
                : std::max(1U, (send.bytes + group.iops_size - 1) / group.iops_size);
        for (const std::size_t i : {std::size_t{0}, own, std::size_t{3}, 3 + own}) {
            if (!group.accounts.at(i).admit(group.now, i < 3 ? pieces : send.bytes)) {
                exceeded = ref::to_string(send) + " exceeds limit " + std::to_string(i);
            }
        }
        ++admitted;
    }

    std::map<std::uint32_t, Group> groups_;
    std::map<std::uint32_t, std::uint32_t> member_of_;
    std::map<std::uint32_t, ref::Event> sent_;
};

class LimitsOf : public SuiteTest {};

RC_GTEST_FIXTURE_PROP(LimitsOf, groups_hold_in_every_window, ()) {
    Limits limits;
    limits.clients = 1;
    limits.loops = loops_max;
    limits.operations = operations_max;
    Windows windows;
    run(*any_scenario(limits), &windows);
    RC_CLASSIFY(windows.admitted > 3);
    if (!windows.exceeded.empty()) {
        RC_FAIL(windows.exceeded);
    }
}

// Pairs of begin and end while the clock stands still admit nothing.
TEST_F(LimitsOf, a_group_is_not_outrun_by_sections) {
    std::string text =
        "scenario 3\nnode n0\nbackend b0 on n0\n"
        "limit g0 by one\njoin b0 to g0\n"
        "send b0 read loop 0\nsend b0 read loop 0\nsend b0 read loop 0\n";
    for (int i = 0; i < 29; ++i) {
        text += "self_quiesce b0\nend s@0\n";
    }
    const ParsedText parsed = parse_text(text);
    ASSERT_FALSE(parsed.error) << parsed.error->text();
    Windows windows;
    const Outcome outcome = run(parsed.scenario, &windows);
    EXPECT_FALSE(outcome.violation) << outcome.violation->sentence;
    EXPECT_EQ(windows.admitted_before_healing, 1U);
    EXPECT_EQ(windows.admitted, 3U);
    EXPECT_EQ(windows.exceeded, "");
}

}  // namespace
}  // namespace blkdrain_props
