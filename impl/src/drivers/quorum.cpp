// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <blkdrain/drivers/quorum.h>
#include <blkdrain/error.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace {

class Vote;

// One child's answer.
struct Ballot : InnerRequest {
    Vote* vote = nullptr;
    std::error_code result;
    std::vector<std::byte> data;  // of a read

    [[nodiscard]] bool agrees_with(const Ballot& other) const {
        return result == other.result && (result || data == other.data);
    }
};

// One request while its children answer. Frees itself with the last answer.
class Vote {
public:
    static void hold(Node& node, Request& request, std::size_t threshold) {
        auto vote = std::make_unique<Vote>(node.children().size(), request, threshold);
        vote.release()->call(node.children());
    }

    Vote(std::size_t voters, Request& request, std::size_t threshold)
        : request_(request),
          voters_(voters),
          threshold_(threshold),
          ballots_(std::make_unique<Ballot[]>(voters)) {}

private:
    [[nodiscard]] std::span<Ballot> ballots() const { return {ballots_.get(), voters_}; }

    void call(std::span<Node* const> children) {
        missing_ = voters_;
        for (std::size_t i = 0; i < voters_; ++i) {
            Ballot& ballot = ballots_[i];
            ballot.vote = this;
            Io io = request_.io();
            if (io.type == IoType::read) {
                ballot.data.resize(io.length);
                io = Io::read(io.offset, ballot.data);
            }
            ballot.send(request_.loop(), io, *children[i], answered);
        }
    }

    static void answered(InnerRequest& inner, std::error_code result) {
        auto& ballot = static_cast<Ballot&>(inner);
        ballot.result = result;
        if (--ballot.vote->missing_ == 0) {
            const std::unique_ptr<Vote> vote(ballot.vote);
            vote->request_.complete(vote->request_.io().type == IoType::read ? vote->decide_read()
                                                                             : vote->decide());
        }
    }

    [[nodiscard]] std::error_code decide() const {
        std::size_t succeeded = 0;
        std::error_code first_error;
        for (const Ballot& ballot : ballots()) {
            if (!ballot.result) {
                ++succeeded;
            } else if (!first_error) {
                first_error = ballot.result;
            }
        }
        if (succeeded >= threshold_) {
            return {};
        }
        return first_error ? first_error : make_error_code(Errc::io_error);
    }

    [[nodiscard]] std::error_code decide_read() const {
        const Ballot* winner = nullptr;
        std::size_t most = 0;
        for (const Ballot& ballot : ballots()) {
            std::size_t votes = 0;
            for (const Ballot& other : ballots()) {
                votes += ballot.agrees_with(other) ? 1U : 0U;
            }
            if (votes >= threshold_ && votes > most) {
                winner = &ballot;
                most = votes;
            }
        }
        if (winner == nullptr) {
            return Errc::io_error;
        }
        if (!winner->result) {
            auto from = winner->data.begin();
            request_.io().for_each_piece([&](std::span<std::byte> piece) {
                const auto size = static_cast<std::ptrdiff_t>(piece.size());
                std::copy_n(from, size, piece.begin());
                from += size;
            });
        }
        return winner->result;
    }

    Request& request_;
    const std::size_t voters_;
    const std::size_t threshold_;
    std::size_t missing_ = 0;
    const std::unique_ptr<Ballot[]> ballots_;
};

}  // namespace

void QuorumDriver::submit(Node& node, Request& request) {
    const std::size_t children = node.children().size();
    if (children == 0) {
        request.complete(Errc::no_medium);
        return;
    }
    Vote::hold(node, request, options_.threshold == 0 ? children / 2 + 1 : options_.threshold);
}

BLKDRAIN_NAMESPACE_END
