// SPDX-License-Identifier: Apache-2.0
//
// A run as one self-contained HTML page: the verdict, the program, a time line with a column for
// each client, and beside it the graph as it was at the selected row. Written as it goes: a run
// that ends with its process leaves a page up to there.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <blkdrain_ref/step.h>

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

// The rows of the time line, between the two.
class PageRows {
public:
    explicit PageRows(std::function<void(const std::string&)> write) : write_(std::move(write)) {}

    void operation(unsigned client, const std::string& text);
    // `before`: the state that it meets.
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before);
    void note(const std::string& text);
    // The last row: with the state in which it ends.
    void verdict(const std::string& text, bool violation, const blkdrain_ref::State& last);

private:
    void row(const char* kind, const std::string& cells, const std::string& frame);

    std::function<void(const std::string&)> write_;
};

// The graph with what is on it, as SVG: backends above, nodes by their depth.
std::string draw(const blkdrain_ref::State& state);

}  // namespace blkdrain_props
