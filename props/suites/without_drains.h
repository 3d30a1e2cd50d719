// SPDX-License-Identifier: Apache-2.0
//
// A run as everybody sees it but those who drain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/run.h"

namespace blkdrain_props {

// The events of a run without those of certain drains, up to where healing begins.
class WithoutDrains final : public TimeLine {
public:
    // Those that are called by this client (Actor) and by those after it.
    explicit WithoutDrains(std::uint8_t first_guest) : first_guest_(first_guest) {}
    // All of them.
    WithoutDrains() = default;

    struct Line {
        std::uint8_t actor;  // the loop or client it happened on (Actor)
        // Operations are numbered in one sequence with the drains, so they are numbered anew.
        std::string text;

        bool operator==(const Line&) const = default;
    };

    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
               std::uint8_t actor) override;
    void operation(unsigned, std::uint8_t, const Record&, const char*, bool) override {}
    void outcome(unsigned, Slot, Opcode, Result) override {}
    void at_rest(const Judge&) override {}
    void healing() override { healing_ = true; }

    [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
    // Such a drain has had the one effect that it may have on others: requests of its backend were
    // plugged (R16).
    [[nodiscard]] bool unplugged() const { return unplugged_; }
    // How many of them were pending while something else happened.
    [[nodiscard]] std::size_t overlapping() const { return overlapping_.size(); }

private:
    template <class I>
    void rename(I& id);

    std::uint8_t first_guest_ = 0;
    std::vector<Line> lines_;
    std::map<std::uint32_t, std::uint32_t> names_;
    std::set<std::uint32_t> drains_;
    std::set<std::uint32_t> pending_;
    std::set<std::uint32_t> overlapping_;
    bool healing_ = false;
    bool unplugged_ = false;
};

}  // namespace blkdrain_props
