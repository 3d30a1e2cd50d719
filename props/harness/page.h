// SPDX-License-Identifier: Apache-2.0
//
// A run as one self-contained HTML page: the verdict, the program, a time line with a column for
// each client and loop, and beside it the graph as it was at the selected row. Written as it goes:
// a run that ends with its process leaves a page up to there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/scenario.h"

namespace blkdrain_props {

// What stands above the time line. Lines of `notes` are shown as they are.
struct PageHead {
    std::string title;
    std::string verdict;  // one sentence
    std::string rule;     // "R21, found by state (stopped)"
    std::string command;  // that runs it again
    std::string program;  // its text
    std::string notes;
};
std::string page_head(const PageHead& head);
std::string page_end();

// One row of the time line.
struct PageRow {
    enum class Kind : std::uint8_t {
        operation,
        event,
        note,
        deviation,
        bad,   // here a rule is violated; the page opens at the first of these
        good,  // the end of a run without
    };
    Kind kind = Kind::note;
    std::uint8_t actor = Actor::world;  // whose column it stands in; Actor::world: across all
    std::string text{};
    std::string list_title{};
    std::vector<std::string> list{};  // below the text
    std::string picture{};            // of the graph that the row meets; empty: as before
};

// The time line, between the two.
class PageTable {
public:
    // Without loops there is one column for whatever is not of a client.
    PageTable(std::function<void(const std::string&)> write, unsigned clients, unsigned loops);

    void add(const PageRow& row);
    // After what was added last the one actor ended the other's wait: an arrow to the next row that
    // `woken` has an operation or event in. Of several the last counts.
    void woke(std::uint8_t waker, std::uint8_t woken);

private:
    struct Wake {
        std::uint8_t waker;
        std::size_t rows;  // so many before it
    };

    // None: neither of a client nor of a loop that has one.
    [[nodiscard]] std::optional<unsigned> column_of(std::uint8_t actor) const;
    // The attributes of the arrow that ends in the row.
    std::string arrow(const PageRow& row);

    std::function<void(const std::string&)> write_;
    const unsigned clients_;
    const unsigned loops_;
    std::size_t rows_ = 0;
    std::array<std::optional<Wake>, Actor::world> wakes_{};  // by who was woken
    std::string last_picture_;
};

}  // namespace blkdrain_props
