// SPDX-License-Identifier: Apache-2.0
#include "harness/edge_roles.h"

#include "harness/operations.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

EdgeRoles::EdgeRoles(const GraphSpec& graph) {
    std::uint32_t id = 0;
    for (const NodeSpec& node : graph.nodes) {
        std::vector<std::string>& roles = roles_[{++id}];
        for (const ChildSpec& child : node.children) {
            roles.emplace_back(role_words[static_cast<std::size_t>(child.role)]);
        }
    }
}

void EdgeRoles::operation(std::uint8_t actor, const Record& record) {
    built_ = true;
    if (record.opcode == Opcode::attach) {
        begun_[actor] = role_words[record.c % role_words.size()];
    }
}

void EdgeRoles::event(const ref::Event& event, const ref::State& before, std::uint8_t actor) {
    if (event.kind == Kind::change && event.op == ref::ChangeOp::attach && actor != Actor::world) {
        pending_[event.section] = begun_[actor];
    } else if (event.kind == Kind::finish && event.error == ref::Error::ok && built_) {
        if (const ref::Section* const change = ref::find(before, event.section);
            change != nullptr && change->kind == ref::SectionKind::change) {
            applied(*change);
        }
    }
}

void EdgeRoles::applied(const ref::Section& change) {
    const auto add = [&](ref::NodeId parent, const std::string& role) {
        roles_[parent].push_back(role);
    };
    const auto remove = [&](std::size_t edge) {
        std::vector<std::string>& roles = roles_[change.node];
        if (edge < roles.size()) {
            roles.erase(roles.begin() + static_cast<std::ptrdiff_t>(edge));
        }
    };
    switch (change.op) {
        case ref::ChangeOp::attach:
            add(change.node, pending_[change.id]);
            break;
        case ref::ChangeOp::detach:
            remove(change.edge);
            break;
        case ref::ChangeOp::insert_filter:
            add(change.other, "file");  // as the library does
            break;
        case ref::ChangeOp::remove_filter:
            remove(0);
            break;
        case ref::ChangeOp::replace:  // edges change their ends, not their roles
        case ref::ChangeOp::insert_medium:
        case ref::ChangeOp::remove_medium:
            break;
    }
}

std::string EdgeRoles::of(ref::NodeId parent, std::size_t edge) const {
    const auto roles = roles_.find(parent);
    return roles != roles_.end() && edge < roles->second.size() ? roles->second[edge] : "";
}

}  // namespace blkdrain_props
