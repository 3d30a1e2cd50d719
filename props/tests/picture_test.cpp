// SPDX-License-Identifier: Apache-2.0
#include "harness/picture.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "harness/dot.h"
#include "tests/small_graph.h"

namespace blkdrain_props {
namespace {

unsigned count(const std::string& text, const std::string& what) {
    unsigned found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++found;
    }
    return found;
}

// n1 over n2 as backing.
EdgeRoles backing() {
    GraphSpec graph;
    NodeSpec parent;
    parent.children.push_back({Role::backing, 1});
    graph.nodes.push_back(parent);
    graph.nodes.push_back({});
    return EdgeRoles(graph);
}

TEST(Picture, shows_who_is_gated_and_what_waits) {
    const std::string picture = draw(isolated(), backing());
    EXPECT_EQ(count(picture, "class='box'"), 4U);
    EXPECT_EQ(count(picture, "class='edge'"), 3U);
    EXPECT_EQ(count(picture, ">backing<"), 1U);
    EXPECT_EQ(count(picture, "<g class='gated' data-id='b2'>"), 1U);
    EXPECT_EQ(count(picture, "<g class='waiting' data-id='r7'>"), 1U);
    EXPECT_NE(picture.find("begin s1 isolate b1"), std::string::npos);
}

TEST(Picture, of_nothing_says_so) {
    EXPECT_NE(draw({}, {}).find("no node and no backend exists"), std::string::npos);
}

TEST(Dot, names_sections_roles_and_requests) {
    const std::string dot = to_dot(isolated(), backing());
    EXPECT_NE(dot.find("b2 [shape=box, style=\"filled,rounded\", label=\"b2  l0\\ngated: s1\\nr7 "
                       "waiting\\n\", fillcolor="),
              std::string::npos)
        << dot;
    EXPECT_NE(dot.find("n1 -> n2 [label=\"backing\"];"), std::string::npos) << dot;
    EXPECT_NE(dot.find("b1 -> n1 [label=\"root\"];"), std::string::npos) << dot;
    EXPECT_NE(dot.find("begin s1 isolate b1 — effective"), std::string::npos) << dot;
    // Each line is a statement of its own, quotes are closed.
    EXPECT_EQ(count(dot, "\"") % 2, 0U);
    EXPECT_EQ(count(dot, "{"), 1U);
    EXPECT_EQ(count(dot, "}"), 1U);
    EXPECT_EQ(count(dot, "\n"), count(dot, ";\n") + 2);
}

}  // namespace
}  // namespace blkdrain_props
