// SPDX-License-Identifier: Apache-2.0
//
// Begin and end of sections.
#include <utility>

#include <blkdrain/detail/check.h>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// The callback's section exists exactly if the section stands; after a failed settle it does (R21).
std::unique_ptr<Report> ControlPlane::hand_over(OperationId section, SectionCallback&& begun) {
    return report_by(
        [control = ControlRef(this), section, begun = std::move(begun)](Error error, bool stands) {
            Section standing = stands ? Section(control, section) : Section{};
            if (begun) {
                begun(std::move(error), std::move(standing));
            }
        });
}

void ControlPlane::announce_begin(const SectionOperation& section, Errc error, bool only_now) {
    announce(Announced::begin, section.id.value, [&](Announcement& a) {
        a.section = static_cast<SectionKind>(section.kind);
        a.a = section.backend           ? section.backend->id.value
              : section.node != nullptr ? section.node->id().value
                                        : 0;
        a.flag = only_now;
        a.error = error;
        for (const BackendId id : section.exempt) {
            a.set |= std::uint64_t{1} << (id.value & 63U);
        }
        fill_holding(a, section.holding);
    });
}

// All gates of `section` close, one process-wide fence, and those of pending changes that it draws
// in with it (R24).
void ControlPlane::make_live(SectionOperation& section) {
    section.phase = Operation::Phase::live;
    update_scope(section);
    close_gates();
    refresh_changes();
}

void ControlPlane::go_live(SectionOperation& section, bool only_now) {
    make_live(section);
    announce_begin(section, Errc::ok, only_now);
    announce(Announced::effective, section.id.value);
    if (section.kind != OperationKind::drained) {
        section.phase = Operation::Phase::begun;
        report(section, {}, true);
    }
    progress();
}

// After the graph changed: who entered is covered already by the change, who left is touched.
void ControlPlane::refresh_live_sections() {
    for_each_section([&](SectionOperation& section) {
        if (section.kind != OperationKind::change && section.phase != Operation::Phase::queued) {
            update_scope(section);
        }
    });
    close_gates();
}

// What a pending change must keep out depends on every live section and on how far each has got.
void ControlPlane::refresh_changes() {
    if (pending_changes_ == 0) {
        return;
    }
    for_each_section([&](SectionOperation& section) {
        if (section.kind == OperationKind::change && section.phase != Operation::Phase::queued) {
            update_scope(section);
        }
    });
    close_gates();
}

// The section is gone, in one step with the announcement the caller has made; who is due comes
// next, in progress().
void ControlPlane::remove(SectionOperation& section) {
    uncover_all(section);
    if (section.kind == OperationKind::quiesce_all) {
        --live_quiesce_alls_;
    } else if (section.kind == OperationKind::change) {
        --pending_changes_;
    } else if (section.kind == OperationKind::close_backend && !section.backend->closed) {
        section.backend->closing = false;
        touched_.push_back(section.backend.get());
    } else if (section.kind == OperationKind::close_node) {
        for (NodeState* node : section.to_close) {
            node->body->closing = {};
        }
    }
    const std::vector<TokenId> named = std::move(section.plan.tokens);
    operations_.erase(section.id);
    reassess_named(named);
    refresh_changes();
}

void ControlPlane::end(OperationId id) {
    const Locked locked(*this);
    SectionOperation* section = find_section(id);
    BLKDRAIN_CHECK(section != nullptr && section->phase == Operation::Phase::begun,
                   "a section that is ended has begun");
    announce(Announced::end, id.value);
    remove(*section);
    progress();
}

Wait ControlPlane::self_quiesce(Backend& backend, WaitOptions&& options, SectionCallback&& begun) {
    const Locked locked(*this);
    if (backend.closed) {
        return refuse(std::move(options), backend.home, refusal(std::move(begun)),
                      gone("self_quiesce", backend));
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::self_quiesce);
    SectionOperation& section = *operation;
    section.backend = Ref<Backend>(&backend);
    start(std::move(operation), std::move(options), backend.home);
    section.report = hand_over(section.id, std::move(begun));
    if (backend.closing) {
        announce_begin(section, Errc::closing);
        conclude(section,
                 {Errc::closing, "quiesce of " + describe(backend) + ": it is being closed"});
        return {};
    }
    const OperationId id = section.id;
    go_live(section);
    return {ControlRef(this), id};
}

Wait ControlPlane::quiesce_all(std::vector<BackendId>&& except, WaitOptions&& options,
                               SectionCallback&& begun) {
    const Locked locked(*this);
    if (Error error = unknown("quiesce_all", except)) {
        return refuse(std::move(options), nullptr, refusal(std::move(begun)), std::move(error));
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::quiesce_all);
    SectionOperation& section = *operation;
    section.exempt = std::move(except);
    start(std::move(operation), std::move(options), nullptr);
    section.report = hand_over(section.id, std::move(begun));
    ++live_quiesce_alls_;
    const OperationId id = section.id;
    go_live(section);
    return {ControlRef(this), id};
}

Wait ControlPlane::drained(NodeId id, WaitOptions&& options, SectionCallback&& begun) {
    const Locked locked(*this);
    NodeState* node = find_node(id);
    if (node == nullptr) {
        return refuse(
            std::move(options), nullptr, refusal(std::move(begun)),
            {Errc::no_such_object, "drained section: there is no n" + std::to_string(id.value)});
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::drained);
    SectionOperation& section = *operation;
    section.node = node;
    start(std::move(operation), std::move(options), &node->loop());
    section.report = hand_over(section.id, std::move(begun));
    if (node->body->closing.value != 0) {
        announce_begin(section, Errc::closing);
        conclude(section,
                 {Errc::closing, "drained section on " + describe(*node) + ": it is being closed"});
        return {};
    }
    const OperationId section_id = section.id;
    go_live(section);
    return {ControlRef(this), section_id};
}

// Drained sections, and settle: quiet, then the pass (R20).
bool ControlPlane::advance_drained(SectionOperation& section) {
    if (section.busy_members != 0) {
        return false;
    }
    if (!canary(Canary::idle_before_settled) && !run_pass(section)) {
        return false;
    }
    Error error;
    if (const std::error_code failed = section.settle_failure) {
        error = {failed, describe(section) + ": a settle failed: " + failed.message()};
    }
    if (section.kind == OperationKind::settle) {
        finish(section, std::move(error));
        return true;
    }
    section.in_pass = false;
    section.phase = Operation::Phase::begun;
    announce(Announced::idle, section.id.value,
             [&](Announcement& a) { a.error = announced(error); });
    report(section, std::move(error), true);
    refresh_changes();
    return true;
}

Wait ControlPlane::quiet(OperationId id, WaitOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    const SectionOperation* section = find_section(id);
    if (section == nullptr || section->phase != Operation::Phase::begun) {
        return refuse(std::move(options), nullptr, std::move(done),
                      {Errc::no_such_object,
                       "wait for quiet: there is no section s" + std::to_string(id.value)});
    }
    auto operation = std::make_unique<QuietOperation>();
    QuietOperation& wait = *operation;
    wait.section = id;
    start(std::move(operation), std::move(options), nullptr);
    wait.report = report_to(std::move(done));
    const OperationId wait_id = wait.id;
    announce(Announced::quiet_wait, wait_id.value, [&](Announcement& a) {
        a.a = id.value;
        fill_holding(a, wait.holding);
    });
    progress();
    return {ControlRef(this), wait_id};
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
