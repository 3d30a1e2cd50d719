// SPDX-License-Identifier: Apache-2.0
//
// What a pending operation waits for, in words (R26).
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "section/awaited.h"
#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

std::string_view file_of(const std::source_location& where) {
    const std::string_view path = where.file_name();
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string place_of(const Operation& operation) {
    return std::string(file_of(operation.where)) + ":" + std::to_string(operation.where.line());
}

std::string begun_at(const Operation& operation) {
    return operation.where.line() == no_line.line() ? " begun when its handle was destroyed"
                                                    : " begun at " + place_of(operation);
}

std::string backends_of(const TokenOperation& token) {
    std::string text;
    const char* separator = " on ";
    for (const auto& backend : token.backends) {
        text += separator + describe(*backend);
        separator = ", ";
    }
    return text;
}

}  // namespace

const char* name_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::isolate:
            return "isolated section";
        case OperationKind::drained:
            return "drained section";
        case OperationKind::quiesce_all:
            return "quiesce_all section";
        case OperationKind::self_quiesce:
            return "self-quiesced section";
        case OperationKind::settle:
            return "settle";
        case OperationKind::change:
            return "graph change";
        case OperationKind::context:
            return "context change";
        case OperationKind::close_backend:
        case OperationKind::close_node:
            return "close";
        case OperationKind::drain:
            return "drain";
        case OperationKind::quiet:
            return "wait for quiet";
        case OperationKind::token:
            return "opening of a token";
    }
    return "operation";
}

std::string describe(const Backend& backend) {
    return "b" + std::to_string(backend.id.value) + " '" + backend.name + "'";
}

std::string describe(const NodeState& node) {
    return "n" + std::to_string(node.id().value) + " '" + node.body->name() + "'";
}

std::string describe(const Operation& operation) {
    if (operation.kind == OperationKind::token) {
        const auto& opening = static_cast<const TokenOperation&>(operation);
        return "opening of t" + std::to_string(opening.token.value) + backends_of(opening) +
               begun_at(operation);
    }
    const std::string number = " s" + std::to_string(operation.id.value);
    if (operation.kind == OperationKind::change) {
        return describe(static_cast<const SectionOperation&>(operation).plan, number) +
               begun_at(operation);
    }
    std::string text = name_of(operation.kind) + number;
    if (operation.kind == OperationKind::drain) {
        text += " of " + describe(*static_cast<const DrainOperation&>(operation).backend);
    } else if (operation.kind == OperationKind::quiet) {
        text +=
            " of s" + std::to_string(static_cast<const QuietOperation&>(operation).section.value);
    } else {
        const auto& section = static_cast<const SectionOperation&>(operation);
        if (section.backend) {
            text += " of " + describe(*section.backend);
        } else if (section.node != nullptr) {
            text += " of " + describe(*section.node);
        }
    }
    return text + begun_at(operation);
}

Error gone(const char* call, const Backend& backend) {
    return {Errc::no_such_object, std::string(call) + ": " + describe(backend) + " is closed"};
}

Errc announced(const Error& error) {
    return !error                                      ? Errc::ok
           : error.code.category() == error_category() ? static_cast<Errc>(error.code.value())
                                                       : Errc::io_error;
}

void fill_holding(Announcement& announcement, const Holding& holding) {
    for (const OperationId id : holding.sections) {
        announcement.sections.add(id.value);
    }
    for (const TokenId id : holding.tokens) {
        announcement.tokens.add(id.value);
    }
    for (const RequestId id : holding.requests) {
        announcement.requests.add(id.value);
    }
}

// ", RATE of throttle group g1 'vm', next token in 1.2 s"
std::string rate_text(const Group& group, Direction direction) {
    const auto passed = static_cast<double>((os::now() - group.looked_at()).count());
    const double seconds = std::max(0.0, static_cast<double>(group.wait(direction)) - passed) / 1e9;
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "%.3g", seconds);
    return ", RATE of throttle group g" + std::to_string(group.id.value) + " '" + group.name +
           "', next token in " + number.data() + " s";
}

// A request with what keeps it, in words and as values.
WaitItem ControlPlane::request_item(const Item& item) {
    const OuterRequest& request = *item.request;
    const Backend& backend = *item.backend;
    WaitItem out;
    out.backend = backend.id;
    out.state = item.state;
    // relaxed: a hint, exact while the request waits or its loop is at rest.
    out.age = os::now() - request.sent_at.load(std::memory_order_relaxed);
    out.text = "request r" + std::to_string(item.id) + " of " + describe(backend);
    if (backend.root != nullptr) {
        out.node = backend.root->id();
        out.text += " on " + describe(*backend.root);
    }
    out.text += item.state == RequestState::waiting    ? ": WAITING"
                : item.state == RequestState::admitted ? ": ADMITTED"
                                                       : ": COMPLETING";
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(out.age);
    out.text += ", sent " + std::to_string(age.count()) + " ms ago";
    if (item.state != RequestState::waiting) {
        return out;
    }
    out.blockers = blockers_of(request);
    std::string separator = ", GATE of ";
    const auto add_gate = [&](const Operation& section) {
        out.text += separator + describe(section);
        separator = " and ";
    };
    if (const TokenId token{request.token.load(std::memory_order_relaxed)}; token.value != 0) {
        for (const Operation& operation : operations_) {
            if (suspends(operation, token)) {
                add_gate(operation);
            }
        }
    } else {
        for (const Cover* cover = backend.covers.first(); cover != nullptr; cover = cover->next) {
            add_gate(*cover->section);
        }
    }
    if (const auto& line = line_up_to(request); line.size() > 1) {
        out.text += ", ORDER behind r" +
                    std::to_string(line[line.size() - 2]->id.load(std::memory_order_relaxed));
    }
    if (request.plugged) {
        out.text += ", PLUG of loop '" + request.lane.loop.name() + "'";
    }
    if ((out.blockers & static_cast<std::uint8_t>(Blocker::rate)) != 0) {
        out.text += rate_text(*backend.group(), direction_of(request.io()));
    }
    return out;
}

Explanation ControlPlane::explanation(Operation& operation) {
    Explanation result;
    result.subject = describe(operation);
    Items items = items_of(operation);
    if (canary(Canary::explain_hides) && !items.empty()) {
        items.erase(items.begin());
    }
    for (const Item& item : items) {
        WaitItem out;
        switch (item.kind) {
            case WaitItem::Kind::request:
                out = request_item(item);
                break;
            case WaitItem::Kind::token: {
                const TokenOperation& token = *tokens_.find(TokenId{item.id});
                out.text = "operation token t" + std::to_string(item.id) + backends_of(token) +
                           ", opened at " + place_of(token);
                break;
            }
            case WaitItem::Kind::settling:
                out.text = "settle of " + describe(*item.node) + " for " + describe(*item.section);
                break;
            case WaitItem::Kind::internal:
                out.text = "internal requests of " + describe(*item.node) + " (" +
                           std::to_string(item.node->internal_requests) + "), stopped by " +
                           describe(*item.section);
                break;
            case WaitItem::Kind::section:
                out.text = describe(*item.section);
                break;
        }
        out.kind = item.kind;
        out.id = item.id;
        result.items.push_back(std::move(out));
    }
    for (const Operation* other : cycle_of(operation)) {
        const bool token = other->kind == OperationKind::token;
        result.cycle.push_back(
            {other->id, token ? static_cast<const TokenOperation*>(other)->token : TokenId{},
             describe(*other)});
    }
    return result;
}

Explanation ControlPlane::explain(OperationId id) {
    const Locked locked(*this);
    Operation* found = operations_.find(id);
    return found == nullptr ? Explanation{} : explanation(*found);
}

Explanation ControlPlane::explain(TokenId id) {
    const Locked locked(*this);
    TokenOperation* found = tokens_.find(id);
    return found == nullptr || found->open ? Explanation{} : explanation(*found);
}

std::vector<Explanation> ControlPlane::explain_all() {
    const Locked locked(*this);
    std::vector<Explanation> result;
    for (Operation& operation : pending_) {
        result.push_back(explanation(operation));
    }
    return result;
}

}  // namespace detail

std::string Explanation::text() const {
    std::string result = subject;
    const char* separator = " waits for ";
    for (const WaitItem& item : items) {
        result += separator + item.text;
        separator = "; ";
    }
    separator = ", in a circle: ";
    for (const Other& other : cycle) {
        result += separator + other.subject;
        separator = ", ";
    }
    return result;
}

BLKDRAIN_NAMESPACE_END
