// SPDX-License-Identifier: Apache-2.0
//
// The settle pass: each node once, parents before children (R20, R21).
#include <algorithm>
#include <memory>
#include <utility>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// One settle at a driver: a task of the node's loop that asks, then one that takes the answer. That
// may come from any thread; the driver has returned from settle before anything else happens to the
// node.
class ControlPlane::PassSettlement final : public Settlement, private Task {
public:
    static void start(ControlPlane& control, Node& node, OperationId by) {
        auto* settlement = new PassSettlement(control, node, by);
        settlement->loop_.post(*settlement);
    }

    void complete(std::error_code result) override {
        result_ = result;
        run = [](Task& task) {
            const std::unique_ptr<PassSettlement> self(static_cast<PassSettlement*>(&task));
            self->control_->settled(self->node_.id(), self->by_, self->result_);
        };
        loop_.post(*this);
    }

private:
    PassSettlement(ControlPlane& control, Node& node, OperationId by)
        : Task([](Task& task) {
              auto& self = static_cast<PassSettlement&>(task);
              self.node_.driver().settle(self.node_, self);
          }),
          control_(&control),
          node_(node),
          by_(by),
          loop_(canary(Canary::settled_elsewhere) ? control.lanes_[0]->loop : node.loop()) {}

    const ControlRef control_;
    Node& node_;
    const OperationId by_;
    EventLoop& loop_;
    std::error_code result_;
};

void ControlPlane::order_pass(SectionOperation& section) {
    section.ordered_at = graph_generation_;
    section.next_to_settle = 0;
    section.settle_failure = {};
    section.order.clear();
    walked_.clear();
    for (const Cover& cover : section.covers) {
        if (cover.node() != nullptr && keeps_settled(cover)) {
            walked_.push_back(cover.node());
        }
    }
    walker_.sort_topologically(walked_, section.order);
}

// Starts whatever can be settled, one node at a time. True when every node of the section that has
// to be is settled, well or badly. The graph does not change meanwhile.
bool ControlPlane::run_pass(SectionOperation& section) {
    // Anew when the graph has changed (between two settles: R20), until the first settle starts if
    // more than the graph decides who is covered, and always for a change, which keeps sections
    // company that may end meanwhile.
    const bool fixed =
        section.kind == OperationKind::drained || section.kind == OperationKind::settle;
    if (section.ordered_at != graph_generation_ || (!section.in_pass && !fixed) ||
        section.kind == OperationKind::change) {
        order_pass(section);
    }
    bool all_settled = true;
    for (std::size_t i = section.next_to_settle;
         i < section.order.size() && section.settling == nullptr; ++i) {
        NodeState& node = *section.order[i];
        // Its parents come before it.
        if (node.settle == NodeState::Settle::no &&
            (all_settled || parents_settled(node, section))) {
            start_settle(node, section);
        }
        all_settled = all_settled && node.settle == NodeState::Settle::done;
        if (all_settled) {
            section.next_to_settle = i + 1;
            if (node.settles && !section.settle_failure) {
                section.settle_failure = node.body->settle_error;
            }
        }
    }
    return all_settled && section.settling == nullptr;
}

// Parents outside the section's scope do not count.
bool ControlPlane::parents_settled(const NodeState& node, const SectionOperation& section) {
    for (const NodeState* parent : node.parents) {
        if (parent->settle == NodeState::Settle::done) {
            continue;
        }
        for (const Cover* cover = parent->covers.first(); cover != nullptr; cover = cover->next) {
            if (cover->section == &section && keeps_settled(*cover)) {
                return false;
            }
        }
    }
    return true;
}

void ControlPlane::start_settle(NodeState& node, SectionOperation& section) {
    if (!section.in_pass) {
        section.in_pass = true;
        refresh_changes();  // who enters now meets quiet (R24)
    }
    announce(Announced::settle_start, node.id().value,
             [&](Announcement& a) { a.a = section.id.value; });
    if (!node.settles) {
        node.settle = NodeState::Settle::done;
        announce(Announced::settle_done, node.id().value);
        return;
    }
    node.settle = NodeState::Settle::running;
    section.settling = &node;
    PassSettlement::start(*this, *node.body, section.id);
}

void ControlPlane::settled(NodeId id, OperationId by, std::error_code result) {
    const Locked locked(*this);
    NodeState& node = *find_node(id);
    node.settle = NodeState::Settle::done;
    node.body->settle_error = result;
    announce(Announced::settle_done, node.id().value,
             [&](Announcement& a) { a.error = result ? Errc::io_error : Errc::ok; });
    left_.push_back(&node);
    SectionOperation& section = *find_section(by);
    section.settling = nullptr;
    if (section.given_up) {
        let_go(section);
    } else if (section.kind == OperationKind::change) {
        update_scope(section);  // the section that wanted it settled may be gone
    }
    progress();
}

// Settled lasts to the end of the last section that asked for it (R21).
void ControlPlane::forget_settles() {
    for (NodeState* node : left_) {
        const Cover* cover = node->covers.first();
        while (cover != nullptr && !keeps_settled(*cover)) {
            cover = cover->next;
        }
        if (cover == nullptr && node->settle == NodeState::Settle::done) {
            forget_settle(*node);
        }
    }
    left_.clear();
}

void ControlPlane::forget_settle(NodeState& node) {
    node.settle = NodeState::Settle::no;
    if (node.settles) {
        node.body->settle_error = {};
    }
}

// Started, and not everything settled yet.
bool ControlPlane::pass_running(const SectionOperation& section) {
    if (!section.in_pass) {
        return false;
    }
    for (const Cover& cover : section.covers) {
        if (cover.node() != nullptr && cover.node()->settle != NodeState::Settle::done &&
            keeps_settled(cover)) {
            return true;
        }
    }
    return false;
}

// Whose settle runs in `node`; who runs it covers the node until it returns. Null: none runs.
SectionOperation* ControlPlane::settler_of(const NodeState& node) {
    if (node.settle != NodeState::Settle::running) {
        return nullptr;
    }
    const Cover* cover = node.covers.first();
    while (cover->section->settling != &node) {
        cover = cover->next;
    }
    return cover->section;
}

// Who else settles the cover's node, where that has to be quiet: what a settle asks of the nodes
// below crosses edges, and no backend counts it (R21, R24). Null: nobody.
SectionOperation* ControlPlane::other_settler(const Cover& cover) {
    SectionOperation* settler = cover.node() != nullptr && cover.demand != Demand::gated
                                    ? settler_of(*cover.node())
                                    : nullptr;
    return settler != cover.section ? settler : nullptr;
}

// Whether the pass of the cover's section is under way over its node: neither the edges of that may
// change, nor its loop (R20). A settle that runs counts also when nobody asks for it any more.
bool ControlPlane::pass_over(const Cover& cover) {
    return cover.section->settling == cover.node() ||
           (keeps_settled(cover) && pass_running(*cover.section));
}

// Whether somebody else's pass is under way over `node`.
bool ControlPlane::pass_touches(const NodeState& node, const SectionOperation& except) const {
    for (const Cover* cover = node.covers.first(); cover != nullptr; cover = cover->next) {
        if (cover->section != &except && pass_over(*cover)) {
            return true;
        }
    }
    return false;
}

// An admitted request of a gated backend that is certainly in flight; null if there is none. A
// sender that has counted itself and not yet seen the gate does not count: it takes that back
// without our lock, as a finisher counts itself done, so the look is repeated until a request or
// nothing is there.
const OuterRequest* ControlPlane::find_admitted(const Backend& backend) const {
    while (in_flight(backend) != backend.not_admitted) {
        const OuterRequest* found = nullptr;
        for_each_request([&](const OuterRequest& request) {
            const Stage stage = request.stage.load(std::memory_order_relaxed);
            if ((stage == Stage::admitted || stage == Stage::completing) &&
                request.backend.load(std::memory_order_relaxed) == &backend) {
                found = &request;
            }
        });
        if (found != nullptr) {
            return found;
        }
        os::spin_hint();
    }
    return nullptr;
}

// The backends that may still send something to what is around `node` (R19). The last look is at a
// request that makes the answer true, or none is needed: nothing changes it under the lock.
std::vector<const Backend*> ControlPlane::not_quiesced(NodeState& node) {
    Nodes& nodes = walked_;
    nodes.clear();
    walker_.cone(node, nodes, [](NodeState&) {});
    while (true) {
        std::vector<const Backend*> result;
        const OuterRequest* witness = nullptr;
        std::uint32_t witness_id = 0;
        bool certain = false;
        for (const NodeState* member : nodes) {
            member->for_each_backend([&](const Backend& backend) {
                if (!backend.gated() || !backend.open_tokens.empty() ||
                    std::any_of(
                        backend.waiting.begin(), backend.waiting.end(),
                        [this](const OuterRequest& request) { return of_closed_token(request); })) {
                    certain = true;
                    result.push_back(&backend);
                } else if (const OuterRequest* request = find_admitted(backend);
                           request != nullptr) {
                    witness = request;
                    witness_id = request->id.load(std::memory_order_relaxed);
                    result.push_back(&backend);
                }
            });
        }
        if (certain || witness == nullptr ||
            (witness_id != 0 && witness->stage.load(std::memory_order_relaxed) != Stage::done &&
             witness->id.load(std::memory_order_relaxed) == witness_id)) {
            return result;
        }
    }
}

Wait ControlPlane::settle(NodeId id, WaitOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    NodeState* node = find_node(id);
    if (node == nullptr) {
        return refuse(std::move(options), nullptr, std::move(done),
                      {Errc::no_such_object, "settle: there is no n" + std::to_string(id.value)});
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::settle);
    SectionOperation& section = *operation;
    section.node = node;
    start(std::move(operation), std::move(options), &node->loop());
    section.report = report_to(std::move(done));
    Error error;
    if (node->body->closing.value != 0) {
        error = {Errc::closing, "settle of " + describe(*node) + ": it is being closed"};
    } else if (const auto active = not_quiesced(*node);
               !active.empty() && !canary(Canary::settle_unchecked)) {
        error = {Errc::not_quiesced,
                 "settle of " + describe(*node) + ": requests may still come from"};
        for (const Backend* backend : active) {
            error.message += " " + describe(*backend);
        }
    }
    if (!error) {
        make_live(section);
    }
    announce(Announced::settle, section.id.value, [&](Announcement& a) {
        a.a = id.value;
        a.error = announced(error);
        fill_holding(a, section.holding);
    });
    const OperationId section_id = section.id;
    if (error) {
        conclude(section, std::move(error));
        return {};
    }
    progress();
    return {ControlRef(this), section_id};
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
