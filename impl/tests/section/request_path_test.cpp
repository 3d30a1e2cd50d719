// SPDX-License-Identifier: Apache-2.0
//
// The request path from the owner's side.
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Done = SteppedGraph::Done;
using Results = std::vector<std::error_code>;

TEST(RequestPath, EmptyBackendCompletesWithNoMedium) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda");
        Results results;
        g.send(b, results);
        EXPECT_EQ(results, Results{make_error_code(Errc::no_medium)});
        g.close(b);
    });
}

TEST(RequestPath, GatedRequestsWaitAndGoInOrder) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        Results results;
        g.send(b, results);
        g.send(b, results);
        EXPECT_TRUE(g.leaves[0]->held.empty());
        begun.section.end();
        g.turn();
        EXPECT_EQ(g.leaves[0]->held.size(), 2U);
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_EQ(results, (Results{{}, {}}));
        g.close(b);
    });
}

// R18: the end of a section is one step; what it does arrives in the order of the rule.
class NotingListener final : public SectionListener {
public:
    explicit NotingListener(std::vector<std::string>& events) : events_(events) {}
    void section_begin() override { events_.emplace_back("begin notified"); }
    void section_end() override { events_.emplace_back("end notified"); }

private:
    std::vector<std::string>& events_;
};

TEST(RequestPath, EndAdmitsOpensActivatesAndThenNotifies) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend guest = g.backend("guest", disk);
        BlockBackend first = g.backend("first", disk);
        BlockBackend second = g.backend("second", disk);
        std::vector<std::string> events;
        NotingListener listener(events);
        EXPECT_FALSE(guest.set_listener(&listener));
        Begun live;
        first.isolate({}, live.callback());
        Begun next;
        second.isolate({}, [&](Error error, Section section) {
            events.emplace_back("isolate begun");
            next.error = std::move(error);
            next.section = std::move(section);
        });
        SteppedGraph::Opened opened;
        g.graph.open_token({guest.id()}, {}, [&](const Error&, OperationToken token) {
            events.emplace_back("token open");
            opened.token = std::move(token);
        });
        g.leaves[0]->submitted = [&] { events.emplace_back("admitted"); };
        Results results;
        g.send(guest, results);
        EXPECT_EQ(events, std::vector<std::string>{"begin notified"});
        events.clear();

        live.section.end();
        g.turn();
        EXPECT_EQ(events, (std::vector<std::string>{"admitted", "token open", "isolate begun",
                                                    "end notified", "begin notified"}));

        g.leaves[0]->submitted = nullptr;
        next.section.end();
        opened.token.close();
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_FALSE(guest.set_listener(nullptr));
        g.close(guest);
        g.close(first);
        g.close(second);
    });
}

TEST(RequestPath, CloseCancelsWaitingRequestsAndRefusesNewOnes) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Results running;
        g.send(b, running);
        Begun begun;
        Done closed;
        g.graph.quiesce_all({}, {}, begun.callback());
        g.turn();
        Results waiting;
        g.send(b, waiting);
        b.close({}, closed.callback());
        g.turn();
        EXPECT_EQ(waiting, Results{make_error_code(Errc::cancelled)});
        EXPECT_FALSE(closed.error.has_value());
        g.on_loop([&] { EXPECT_EQ(b.submit(Io::flush(), {}), make_error_code(Errc::closing)); });
        g.on_loop([&] { g.leaves[0]->let_go(); });
        ASSERT_TRUE(closed.error.has_value());
        EXPECT_FALSE(*closed.error) << closed.error->message;
        begun.section.end();
    });
}

TEST(RequestPath, HandleDestroyedWithoutCloseClosesInTheBackground) {
    in_world([] {
        SteppedGraph g;
        Results results;
        {
            BlockBackend b = g.backend("vda", g.leaf("disk"));
            g.send(b, results);
        }
        Snapshot snapshot;
        g.graph.snapshot(snapshot);
        ASSERT_EQ(snapshot.backends.size(), 1U);
        EXPECT_TRUE(snapshot.backends[0].closing);
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_EQ(results.size(), 1U);
        g.graph.snapshot(snapshot);
        EXPECT_TRUE(snapshot.backends.empty());
    });
}

// R10: what a completion sends belongs to the drain that covers the completed request.
TEST(RequestPath, DrainCoversChainsAndNotWhatComesLater) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        struct Chain {
            BlockBackend* backend;
            int left;
            static void step(void* context, std::error_code) {
                auto& chain = *static_cast<Chain*>(context);
                if (chain.left-- > 0) {
                    EXPECT_FALSE(chain.backend->submit(Io::flush(), {step, context}));
                }
            }
        } chain{&b, 2};
        g.on_loop([&] { EXPECT_FALSE(b.submit(Io::flush(), {Chain::step, &chain})); });
        Done drained;
        b.drain({}, drained.callback());
        Results later;
        g.send(b, later);
        for (int i = 0; i < 2; ++i) {
            g.on_loop([&] {
                Request* first = g.leaves[0]->held.front();
                if (i == 0) {
                    g.leaves[0]->held.erase(g.leaves[0]->held.begin());
                } else {
                    first = g.leaves[0]->held.back();
                    g.leaves[0]->held.pop_back();
                }
                first->complete({});
            });
            EXPECT_FALSE(drained.error.has_value());
        }
        g.on_loop([&] {
            Request* last = g.leaves[0]->held.back();
            g.leaves[0]->held.pop_back();
            last->complete({});
        });
        ASSERT_TRUE(drained.error.has_value());
        EXPECT_FALSE(*drained.error);
        EXPECT_TRUE(later.empty());
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
