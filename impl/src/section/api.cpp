// SPDX-License-Identifier: Apache-2.0
//
// The public classes, thin over the control plane and the request path.
#include <utility>

#include <blkdrain/block_backend.h>
#include <blkdrain/graph.h>
#include <blkdrain/section.h>
#include <blkdrain/throttle.h>

#include "request/outer_request.h"
#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

using detail::ChangeKind;

// --- Section, OperationToken, Wait ---

Section& Section::operator=(Section&& other) noexcept {
    if (this != &other) {
        end();
        control_ = std::move(other.control_);
        id_ = std::exchange(other.id_, {});
    }
    return *this;
}

void Section::end() {
    if (const ControlRef control = std::exchange(control_, {}); control) {
        control->end(id_);
    }
}

OperationToken& OperationToken::operator=(OperationToken&& other) noexcept {
    if (this != &other) {
        close();
        control_ = std::move(other.control_);
        id_ = std::exchange(other.id_, {});
    }
    return *this;
}

void OperationToken::close() {
    if (const ControlRef control = std::exchange(control_, {}); control) {
        control->close_token(std::exchange(id_, {}));
    }
}

bool Wait::abandon() {
    if (!control_) {
        return false;
    }
    return token_.value != 0 ? control_->abandon(token_, Errc::cancelled)
                             : control_->abandon(id_, Errc::cancelled);
}

Explanation Wait::explain() const {
    if (!control_) {
        return {};
    }
    return token_.value != 0 ? control_->explain(token_) : control_->explain(id_);
}

// --- Node ---

std::error_code Node::begin_internal() {
    return static_cast<detail::NodeBody&>(*this).control.begin_internal(id());
}

void Node::end_internal() {
    static_cast<detail::NodeBody&>(*this).control.end_internal(id());
}

// --- Graph ---

Graph::Graph() : control_(ControlRef::adopt(new detail::ControlPlane)) {}

Graph::~Graph() {
    control_->shut_down();
}

Error Graph::add_loop(EventLoop& loop) {
    return control_->add_loop(loop);
}

NodeId Graph::add_node(std::string name, std::unique_ptr<Driver> driver, EventLoop& home) {
    return control_->add_node(std::move(name), std::move(driver), home);
}

Wait Graph::attach(NodeId parent, std::string role, NodeId child, ChangeOptions options,
                   DoneCallback done) {
    return control_->change({ChangeKind::attach, parent, child, {}, 0, std::move(role)},
                            std::move(options), std::move(done));
}

Wait Graph::detach(NodeId parent, std::size_t index, ChangeOptions options, DoneCallback done) {
    return control_->change({ChangeKind::detach, parent, {}, {}, index, {}}, std::move(options),
                            std::move(done));
}

Wait Graph::replace(NodeId old, NodeId now, ChangeOptions options, DoneCallback done) {
    return control_->change({ChangeKind::replace, old, now, {}, 0, {}}, std::move(options),
                            std::move(done));
}

Wait Graph::insert_filter(NodeId node, NodeId filter, ChangeOptions options, DoneCallback done) {
    return control_->change({ChangeKind::insert_filter, node, filter, {}, 0, {}},
                            std::move(options), std::move(done));
}

Wait Graph::remove_filter(NodeId filter, ChangeOptions options, DoneCallback done) {
    return control_->change({ChangeKind::remove_filter, filter, {}, {}, 0, {}}, std::move(options),
                            std::move(done));
}

Wait Graph::insert_medium(BackendId backend, NodeId node, ChangeOptions options,
                          DoneCallback done) {
    return control_->change({ChangeKind::insert_medium, {}, node, backend, 0, {}},
                            std::move(options), std::move(done));
}

Wait Graph::remove_medium(BackendId backend, ChangeOptions options, DoneCallback done) {
    return control_->change({ChangeKind::remove_medium, {}, {}, backend, 0, {}}, std::move(options),
                            std::move(done));
}

Wait Graph::set_event_loop(NodeId node, EventLoop& loop, WaitOptions options, DoneCallback done) {
    return control_->set_event_loop(node, loop, std::move(options), std::move(done));
}

Wait Graph::close(NodeId node, WaitOptions options, DoneCallback done) {
    return control_->close(node, std::move(options), std::move(done));
}

Wait Graph::settle(NodeId node, WaitOptions options, DoneCallback done) {
    return control_->settle(node, std::move(options), std::move(done));
}

Wait Graph::drained(NodeId node, WaitOptions options, SectionCallback begun) {
    return control_->drained(node, std::move(options), std::move(begun));
}

Wait Graph::quiesce_all(std::vector<BackendId> except, WaitOptions options, SectionCallback begun) {
    return control_->quiesce_all(std::move(except), std::move(options), std::move(begun));
}

Wait Graph::quiet(OperationId section, WaitOptions options, DoneCallback done) {
    return control_->quiet(section, std::move(options), std::move(done));
}

Error Graph::end(Section& section) {
    if (!section.live()) {
        return {Errc::ended,
                section.id().value != 0
                    ? "end: s" + std::to_string(section.id().value) + " has ended already"
                    : "end: an empty handle names no section"};
    }
    if (section.control_.get() != control_.get()) {
        return {Errc::foreign_section,
                "end: s" + std::to_string(section.id().value) + " belongs to another graph"};
    }
    section.end();
    return {};
}

Wait Graph::open_token(const std::vector<BackendId>& backends, WaitOptions options,
                       TokenCallback opened) {
    return control_->open_token(backends, std::move(options), std::move(opened));
}

Explanation Graph::explain(OperationId operation) const {
    return control_->explain(operation);
}
Explanation Graph::explain(TokenId token) const {
    return control_->explain(token);
}
void Graph::on_cycle(CycleCallback told) {
    control_->on_cycle(std::move(told));
}
std::vector<Explanation> Graph::explain_all() const {
    return control_->explain_all();
}
void Graph::snapshot(Snapshot& into, Snapshot::Names names) const {
    control_->snapshot(into, names);
}
void Graph::announce_to(detail::AnnouncementSink* sink) {
    control_->announce.announce_to(sink);
}

// --- BlockBackend ---

BlockBackend::BlockBackend(Graph& graph, std::string name, EventLoop& home)
    : control_(graph.control()), backend_(control_->add_backend(std::move(name), home)) {}

BlockBackend::BlockBackend(BlockBackend&& other) noexcept
    : control_(std::move(other.control_)), backend_(std::move(other.backend_)) {}

BlockBackend& BlockBackend::operator=(BlockBackend&& other) noexcept {
    if (this != &other) {
        BlockBackend old(std::move(*this));
        control_ = std::move(other.control_);
        backend_ = std::move(other.backend_);
    }
    return *this;
}

BlockBackend::~BlockBackend() {
    if (backend_) {
        control_->abandon_handle(*backend_);
    }
}

BackendId BlockBackend::id() const {
    return backend_->id;
}

const std::string& BlockBackend::name() const {
    return backend_->name;
}

std::error_code BlockBackend::submit(const Io& io, Completion completion, RequestId* id) {
    return submit(io, completion, TokenId{}, id);
}

std::error_code BlockBackend::submit(const Io& io, Completion completion,
                                     const OperationToken& token, RequestId* id) {
    if (!token.open()) {
        return Errc::bad_token;
    }
    return submit(io, completion, token.id(), id);
}

std::error_code BlockBackend::submit(const Io& io, Completion completion, TokenId token,
                                     RequestId* id) {
    detail::Lane* lane = control_->current_lane();
    if (lane == nullptr) {
        return Errc::not_on_loop;
    }
    return detail::send(*lane, *backend_, io, completion, token, id);
}

Wait BlockBackend::drain(WaitOptions options, DoneCallback done) {
    return control_->drain(*backend_, std::move(options), std::move(done));
}

Wait BlockBackend::isolate(IsolateOptions options, SectionCallback begun) {
    return control_->isolate(*backend_, std::move(options), std::move(begun));
}

Wait BlockBackend::self_quiesce(WaitOptions options, SectionCallback begun) {
    return control_->self_quiesce(*backend_, std::move(options), std::move(begun));
}

Wait BlockBackend::close(WaitOptions options, DoneCallback done) {
    return control_->close(*backend_, std::move(options), std::move(done));
}

Error BlockBackend::cancel(RequestId request) {
    return control_->cancel(*backend_, request);
}

std::size_t BlockBackend::cancel_waiting() {
    return control_->cancel_waiting(*backend_);
}

Error BlockBackend::set_listener(SectionListener* listener) {
    return control_->set_listener(*backend_, listener);
}

// --- ThrottleGroup ---

ThrottleGroup::ThrottleGroup(Graph& graph, std::string name)
    : control_(graph.control()), id_(control_->add_group(std::move(name))) {}

ThrottleGroup::ThrottleGroup(ThrottleGroup&& other) noexcept
    : control_(std::move(other.control_)), id_(std::exchange(other.id_, {})) {}

ThrottleGroup& ThrottleGroup::operator=(ThrottleGroup&& other) noexcept {
    if (this != &other) {
        ThrottleGroup old(std::move(*this));
        control_ = std::move(other.control_);
        id_ = std::exchange(other.id_, {});
    }
    return *this;
}

ThrottleGroup::~ThrottleGroup() {
    if (control_) {
        control_->remove_group(id_);
    }
}

Error ThrottleGroup::configure(const ThrottleLimits& limits) {
    return control_->configure(id_, limits);
}

Error ThrottleGroup::join(BlockBackend& backend) {
    return control_->join(id_, *backend.backend_);
}

Error ThrottleGroup::join(BackendId backend) {
    return control_->join(id_, backend);
}

Error ThrottleGroup::leave(BlockBackend& backend) {
    return control_->leave(id_, *backend.backend_);
}

Error ThrottleGroup::leave(BackendId backend) {
    return control_->leave(id_, backend);
}

BLKDRAIN_NAMESPACE_END
