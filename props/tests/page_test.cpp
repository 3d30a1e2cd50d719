// SPDX-License-Identifier: Apache-2.0
#include "harness/page.h"

#include <string>

#include <gtest/gtest.h>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

// n1 with b1 and b2 on it; b1 isolates; a request of b2 waits.
ref::State isolated() {
    ref::State state;
    ref::Event event;
    event.kind = Kind::node_new;
    event.node = {1};
    EXPECT_FALSE(ref::accept(state, event));
    for (const std::uint32_t backend : {1U, 2U}) {
        event = {};
        event.kind = Kind::backend_new;
        event.backend = {backend};
        EXPECT_FALSE(ref::accept(state, event));
        state.backends.back().root = {1};
    }
    event = {};
    event.kind = Kind::begin;
    event.section = {1};
    event.section_kind = ref::SectionKind::isolate;
    event.backend = {1};
    EXPECT_FALSE(ref::accept(state, event));
    event = {};
    event.kind = Kind::effective;
    event.section = {1};
    EXPECT_FALSE(ref::accept(state, event));
    event = {};
    event.kind = Kind::send;
    event.request = {7};
    event.backend = {2};
    EXPECT_FALSE(ref::accept(state, event));
    return state;
}

unsigned count(const std::string& text, const std::string& what) {
    unsigned found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++found;
    }
    return found;
}

TEST(Page, picture_shows_who_is_gated_and_what_waits) {
    const std::string picture = draw(isolated());
    EXPECT_EQ(count(picture, "class='box'"), 3U);
    EXPECT_EQ(count(picture, "class='edge'"), 2U);
    EXPECT_EQ(count(picture, "<g class='gated'>"), 1U);
    EXPECT_EQ(count(picture, "<g class='waiting'>"), 1U);
    EXPECT_NE(picture.find(">r7<"), std::string::npos);
    EXPECT_NE(picture.find("begin s1 isolate b1"), std::string::npos);
}

TEST(Page, text_is_escaped) {
    PageHead head;
    head.verdict = "<b> & \"c\"";
    const std::string page = page_head(head) + page_end();
    EXPECT_NE(page.find("<h1>&lt;b&gt; &amp; &quot;c&quot;</h1>"), std::string::npos);
}

TEST(Page, each_event_carries_the_state_that_it_meets) {
    std::string page;
    PageRows rows([&](const std::string& text) { page += text; });
    rows.operation(1, "send b0 read");
    ref::Event done;
    done.kind = Kind::done;
    done.request = {7};
    rows.event(done, isolated());
    rows.verdict("as the rules want it", false, {});
    EXPECT_EQ(count(page, "<tr class="), 3U);
    EXPECT_EQ(count(page, "<template>"), 2U);
    EXPECT_LT(page.find("send b0 read"), page.find("<template>"));
}

}  // namespace
}  // namespace blkdrain_props
