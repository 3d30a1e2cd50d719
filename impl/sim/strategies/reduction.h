// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sim/strategy.h"

namespace blkdrain::sim {

// Which of the last departures give nothing new. After the last one that the bound allows all goes
// by the default order, or by answers that are free and so are all tried. So if A runs by default
// at two points that follow each other, and B instead at the later one, then B instead at the
// earlier one gives the same runs but for A's step in between, which now comes after what ran until
// it was A's turn again. Where that step commutes with all of it, in whichever of these runs, and
// with what every other thread is about to do there, each is equivalent to one that was made
// (Mazurkiewicz 1986), and so is a third point before, seen from the second. Points are looked at
// from the last to the first.
//
// What a step does besides its operation is seen only if it is said by touch(); two such steps
// depend on each other.
class Reduction {
public:
    struct Thread {
        std::uint32_t id = 0;
        std::uint32_t place = 0;
        Operation pending;
    };
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    // A thread choice, with the threads enabled there.
    struct Point {
        std::size_t index = 0;
        std::span<const Thread> enabled;
        std::uint32_t fallback = 0;  // A
        std::size_t next = none;     // the index of the next thread choice, if A's step led there
        bool touches = true;         // A's step
    };

    // Another thread than A runs at this point in the run that begins, by the last departure; as in
    // the run before, unless it is the first with this departure.
    void departs(const Point& point, std::uint32_t answer, bool first) {
        Segment& segment = segment_of(point.enabled[answer].id);
        if (first) {
            segment.index = point.index;
            segment.passed = point.enabled[point.fallback].id;
            segment.place = point.enabled[answer].place;
            segment.operations.clear();
            segment.touches = false;
        }
        running_ = segment.thread;
        ran_.clear();
    }
    void performed(const ThreadView& thread) {
        if (running_ == nobody) {
            return;
        }
        Segment& segment = segment_of(running_);
        if (thread.id == segment.passed) {
            running_ = nobody;
            // Where those that ran stand now, A's step may be what they wait for.
            for (const ThreadView* const stands : ran_) {
                note(segment, stands->pending);
            }
            return;
        }
        note(segment, thread.pending);
        if (std::ranges::find(ran_, &thread) == ran_.end()) {
            ran_.push_back(&thread);
        }
    }
    // False: it is for the caller to remember.
    bool touched() {
        if (running_ == nobody) {
            return false;
        }
        segment_of(running_).touches = true;
        return true;
    }
    void run_ends() { running_ = nobody; }
    void forget() { segments_.clear(); }

    // Whether `answer` at this point gives a run that is equivalent to one that was made.
    bool redundant(const Point& point, std::uint32_t answer) {
        Segment& segment = segment_of(point.enabled[answer].id);
        if (segment.index == none || segment.index != point.next ||
            segment.passed != point.enabled[point.fallback].id ||
            segment.place != point.enabled[answer].place || (point.touches && segment.touches)) {
            return false;
        }
        const Operation& step = point.enabled[point.fallback].pending;
        for (std::uint32_t i = 0; i < point.enabled.size(); ++i) {
            if (i != point.fallback && dependent(step, point.enabled[i].pending)) {
                return false;
            }
        }
        for (const Operation& operation : segment.operations) {
            if (dependent(step, operation)) {
                return false;
            }
        }
        segment.index = point.index;
        return true;
    }

private:
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    // What ran from a departure on until it was the turn of the thread that was passed over.
    struct Segment {
        std::uint32_t thread = nobody;  // who ran instead
        std::size_t index = none;       // of the earliest point it is known to hold for
        std::uint32_t passed = nobody;
        std::uint32_t place = 0;
        std::vector<Operation> operations;
        bool touches = false;
    };

    static void note(Segment& segment, const Operation& operation) {
        if (std::ranges::find(segment.operations, operation) == segment.operations.end()) {
            segment.operations.push_back(operation);
        }
    }

    Segment& segment_of(std::uint32_t thread) {
        for (Segment& segment : segments_) {
            if (segment.thread == thread) {
                return segment;
            }
        }
        segments_.emplace_back().thread = thread;
        return segments_.back();
    }

    std::vector<Segment> segments_;
    std::uint32_t running_ = nobody;  // whose segment the run is in
    std::vector<const ThreadView*> ran_;
};

}  // namespace blkdrain::sim
