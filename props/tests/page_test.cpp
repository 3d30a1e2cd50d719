// SPDX-License-Identifier: Apache-2.0
#include "harness/page.h"

#include <string>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

using Kind = PageRow::Kind;

bool has(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

// Two clients; what a row becomes.
class Page : public ::testing::Test {
protected:
    std::string row(const PageRow& row, unsigned loops = 2) {
        std::string text;
        PageTable table([&](const std::string& part) { text += part; }, 2, loops);
        head_ = text;
        text.clear();
        table.add(row);
        return text;
    }

    std::string head_;
};

TEST_F(Page, text_is_escaped) {
    PageHead head;
    head.verdict = "<b> & \"c\"";
    EXPECT_TRUE(has(page_head(head) + page_end(), "<h1>&lt;b&gt; &amp; &quot;c&quot;</h1>"));
    EXPECT_TRUE(has(row({.text = "<b>"}), "<span>&lt;b&gt;"));
}

TEST_F(Page, deviations_and_comments_stand_out_in_the_program) {
    PageHead head;
    head.program = "# why\ndrain b0\nwhen loop0 at 3: run loop1\n";
    EXPECT_TRUE(
        has(page_head(head), "<i># why</i>\ndrain b0\n<b>when loop0 at 3: run loop1</b>\n"));
}

TEST_F(Page, each_row_stands_in_the_column_of_its_actor) {
    EXPECT_TRUE(has(row({.kind = Kind::operation, .actor = Actor::client_first + 1, .text = "x"}),
                    "<tr class='operation'><td colspan='1'></td><td colspan='4' class='client'>"));
    EXPECT_TRUE(has(head_,
                    "client0</th><th class='client'>client1</th><th class='loop'>loop0</th>"
                    "<th class='loop'>loop1</th>"));
    EXPECT_TRUE(has(row({.kind = Kind::event, .actor = 0, .text = "x"}),
                    "<td colspan='2'></td><td colspan='3' class='loop'>"));
    EXPECT_TRUE(has(row({.kind = Kind::event, .actor = 1, .text = "x"}),
                    "<td colspan='3'></td><td colspan='2' class='loop'>"));
    EXPECT_TRUE(has(row({.kind = Kind::event, .text = "x"}), "<tr class='event'><td colspan='5'>"));
}

TEST_F(Page, there_is_one_column_for_events_of_unknown_threads) {
    EXPECT_TRUE(has(row({.kind = Kind::event, .text = "x"}, 0),
                    "<td colspan='2'></td><td colspan='2' class='loop'>"));
    EXPECT_TRUE(has(head_, "<th class='client'>client1</th><th class='loop'>library</th>"));
}

TEST_F(Page, a_picture_that_has_not_changed_is_not_written_again) {
    std::string text;
    PageTable table([&](const std::string& part) { text += part; }, 1, 1);
    table.add({.kind = Kind::event, .text = "a", .picture = "<svg>1</svg>"});
    text.clear();
    table.add({.kind = Kind::event, .text = "b", .picture = "<svg>1</svg>"});
    EXPECT_TRUE(has(text, "<template></template>"));
    table.add({.kind = Kind::event, .text = "c", .picture = "<svg>2</svg>"});
    EXPECT_TRUE(has(text, "<template><svg>2</svg></template>"));
}

TEST_F(Page, an_arrow_leads_from_who_woke_to_the_next_thing_that_who_was_woken_does) {
    std::string text;
    PageTable table([&](const std::string& part) { text += part; }, 1, 2);
    table.add({.kind = Kind::event, .actor = 0, .text = "a"});
    table.woke(Actor::client_first, 1);
    table.woke(0, 1);
    text.clear();
    table.add({.kind = Kind::note, .actor = 1, .text = "no doing of its own"});
    table.add({.kind = Kind::event, .actor = Actor::client_first, .text = "another's"});
    EXPECT_FALSE(has(text, "data-from"));
    table.add({.kind = Kind::event, .actor = 1, .text = "b"});
    EXPECT_TRUE(has(text, "<tr class='event' data-from='1' data-rows='1' title='woken by loop0'>"));
    text.clear();
    table.add({.kind = Kind::event, .actor = 1, .text = "c"});
    EXPECT_FALSE(has(text, "data-from"));
}

TEST_F(Page, no_arrow_comes_from_outside_of_the_columns) {
    std::string text;
    PageTable table([&](const std::string& part) { text += part; }, 1, 1);
    table.woke(Actor::client_first, 0);
    table.woke(Actor::world, 0);
    table.woke(0, Actor::world);
    table.add({.kind = Kind::event, .actor = 0, .text = "a"});
    table.add({.kind = Kind::event, .text = "b"});
    EXPECT_FALSE(has(text, "data-from"));
}

TEST_F(Page, a_row_can_have_a_list) {
    EXPECT_TRUE(
        has(row({.kind = Kind::bad, .text = "x", .list_title = "Else:", .list = {"a", "b"}}),
            "<div>Else:<ul><li>a</li><li>b</li></ul></div>"));
}

}  // namespace
}  // namespace blkdrain_props
