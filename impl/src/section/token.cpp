// SPDX-License-Identifier: Apache-2.0
//
// Operation tokens (R4).
#include <algorithm>
#include <utility>

#include <blkdrain/detail/check.h>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

bool ControlPlane::can_open(const TokenOperation& token) const {
    return canary(Canary::token_opens_gated) ||
           std::none_of(token.backends.begin(), token.backends.end(),
                        [](const Ref<Backend>& backend) { return backend->gated(); });
}

bool ControlPlane::is_open(TokenId id) const {
    const TokenOperation* found = tokens_.find(id);
    return found != nullptr && found->open;
}

// Named by a change: its requests wait until that ends, which if given up it does when its settle
// has returned (R24, R25).
bool ControlPlane::suspended(TokenId id) const {
    if (pending_changes_ == 0) {
        return false;
    }
    for (const Operation& operation : operations_) {
        if (suspends(operation, id)) {
            return true;
        }
    }
    return false;
}

bool ControlPlane::suspends(const Operation& operation, TokenId id) {
    if (operation.kind != OperationKind::change || operation.phase != Operation::Phase::live) {
        return false;
    }
    const auto& named = static_cast<const SectionOperation&>(operation).plan.tokens;
    return std::find(named.begin(), named.end(), id) != named.end();
}

// After a change that names `tokens` came or went: what counts as open for changes, and whose
// requests wait, differs.
void ControlPlane::reassess_named(const std::vector<TokenId>& tokens) {
    if (tokens.empty()) {
        return;
    }
    for (const auto& backend : backends_) {
        if (backend && (!backend->open_tokens.empty() || !backend->waiting.empty())) {
            reassess(*backend);
            touched_.push_back(backend.get());
        }
    }
}

Wait ControlPlane::open_token(const std::vector<BackendId>& backends, WaitOptions&& options,
                              TokenCallback&& opened) {
    const Locked locked(*this);
    auto operation = std::make_unique<TokenOperation>();
    TokenOperation& token = *operation;
    Error error;
    for (const BackendId id : backends) {
        Backend* backend = find_backend(id);
        if (backend == nullptr) {
            return refuse(std::move(options), nullptr, refusal(std::move(opened)),
                          {Errc::no_such_object,
                           "operation token: there is no b" + std::to_string(id.value)});
        }
        if (backend->closing && !error) {
            error = {Errc::closing,
                     "operation token on " + describe(*backend) + ": it is being closed"};
        }
        const auto same = [&](const Ref<Backend>& other) { return other.get() == backend; };
        if (std::none_of(token.backends.begin(), token.backends.end(), same)) {
            token.backends.emplace_back(backend);
        }
    }
    start(std::move(operation), std::move(options),
          token.backends.empty() ? nullptr : token.backends[0]->home);
    const TokenId id = token.token;
    token.report = report_by(
        [control = ControlRef(this), id, opened = std::move(opened)](Error outcome, bool stands) {
            OperationToken standing = stands ? OperationToken(control, id) : OperationToken{};
            if (opened) {
                opened(std::move(outcome), std::move(standing));
            }
        });
    announce(Announced::token_request, id.value, [&](Announcement& a) {
        for (const auto& backend : token.backends) {
            a.set |= std::uint64_t{1} << (backend->id.value & 63U);
        }
        a.error = announced(error);
        fill_holding(a, token.holding);
    });
    if (error) {
        report(token, std::move(error));
        tokens_.erase(id);
        return {};
    }
    progress();
    return {ControlRef(this), id};
}

void ControlPlane::open_tokens() {
    for (TokenOperation& token : tokens_) {
        if (token.open || !can_open(token)) {
            continue;
        }
        token.open = true;
        for (const auto& backend : token.backends) {
            Bank& bank = backend->banks.current();
            ++bank.open_tokens;
            token.serials.push_back(bank.serial);
            backend->open_tokens.push_back(token.token);
        }
        announce(Announced::token_open, token.token.value);
        report(token, {}, true);
    }
}

void ControlPlane::close_token(TokenId id) {
    const Locked locked(*this);
    BLKDRAIN_CHECK(is_open(id), "a token that is closed is open");
    const std::unique_ptr<TokenOperation> closed = tokens_.take(id);
    TokenOperation& token = *closed;
    for (std::size_t i = 0; i < token.backends.size(); ++i) {
        Backend& backend = *token.backends[i];
        --backend.banks.of(token.serials[i]).open_tokens;
        backend.open_tokens.erase(
            std::find(backend.open_tokens.begin(), backend.open_tokens.end(), id));
    }
    announce(Announced::token_close, id.value);
    for (const auto& backend : token.backends) {
        reassess(*backend);
    }
    progress();
}

bool ControlPlane::give_up_token(TokenOperation& token, Error error) {
    announce(Announced::token_fail, token.token.value,
             [&](Announcement& a) { a.error = announced(error); });
    report(token, std::move(error));
    tokens_.erase(token.token);
    return true;
}

bool ControlPlane::abandon(TokenId id, Errc why) {
    const Locked locked(*this);
    TokenOperation* token = tokens_.find(id);
    if (token == nullptr || token->open) {
        return false;
    }
    announce(Announced::abandon, id.value, [&](Announcement& a) {
        a.error = why;
        a.flag = true;
    });
    report(*token, given_up(*token, why));
    tokens_.erase(id);
    progress();
    return true;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
