// SPDX-License-Identifier: Apache-2.0
#include "harness/islands.h"

#include <algorithm>
#include <string>
#include <utility>

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

// Where the elements of a sort begin.
constexpr std::size_t everything = 0;
constexpr std::size_t nodes_at = 1;
constexpr std::size_t backends_at = nodes_at + ref::NodeId::limit;
constexpr std::size_t groups_at = backends_at + ref::BackendId::limit;
constexpr std::size_t loops_at = groups_at + 8;
constexpr std::size_t tickets_at = loops_at + 64;

}  // namespace

Islands::Element Islands::named(ref::NodeId node) {
    return nodes_at + node.value;
}
Islands::Element Islands::named(ref::BackendId backend) {
    return backends_at + backend.value;
}
Islands::Element Islands::named(ref::GroupId group) {
    return groups_at + group.value;
}
Islands::Element Islands::named(ref::LoopId loop) {
    return loops_at + loop.value;
}
Islands::Element Islands::named(Ticket ticket) {
    return tickets_at + ticket;
}

Islands::Element Islands::subject(const Seen& seen) {
    return seen.ticket != no_ticket ? named(seen.ticket)
           : seen.node              ? named(seen.node)
                                    : named(seen.backend);
}

bool Islands::concerns_all(const Seen& seen) {
    return seen.kind == Seen::Kind::time || seen.kind == Seen::Kind::rest;
}

void Islands::start(ref::State state, ref::NodeSet settling, bool whole) {
    start_ = std::move(state);
    settling_ = settling;
    history_.clear();
    above_.clear();
    island_of_.clear();
    used_ = settled_on_ = 0;
    plugged_ = 0;
    whole_ = whole;
    refused_ = no_island;
    for (const ref::Edge& edge : start_.edges) {
        join(named(edge.parent), named(edge.child));
    }
    for (const ref::Backend& backend : start_.backends) {
        if (backend.root) {
            join(named(backend.id), named(backend.root));
        }
    }
    for (const ref::Group& group : start_.groups) {
        for (const ref::BackendId member : group.members) {
            join(named(group.id), named(member));
        }
        found(root(named(group.id)));
    }
    for (const ref::Node& node : start_.nodes) {
        found(root(named(node.id)));
    }
    for (const ref::Backend& backend : start_.backends) {
        found(root(named(backend.id)));
    }
}

void Islands::settles(ref::NodeId node) {
    settling_.insert(node);
    for (std::size_t i = 0; i < used_; ++i) {
        islands_[i].box.settles(node);
    }
}

void Islands::see(const Seen& seen) {
    if (!concerns_all(seen)) {
        const Element one = subject(seen);
        if (seen.node) {
            join(one, named(seen.node));
        }
        if (seen.from) {
            join(one, named(seen.from));
        }
        for (const ref::Event& event : seen.events) {
            join_all(one, event);
        }
    }
    history_.push_back(seen);
}

void Islands::join_all(Element with, const ref::Event& event) {
    const auto join_with = [&](auto id) {
        if (id) {
            join(with, named(id));
        }
    };
    const auto join_call = [&](auto id) {
        if (id) {
            join(with, named(Ticket{id.value}));
        }
    };
    join_with(event.node);
    join_with(event.other);
    join_with(event.backend);
    join_with(event.group);
    std::ranges::for_each(event.set, join_with);
    join_call(event.request);
    join_call(event.parent);
    join_call(event.token);
    join_call(event.section);
    join_call(event.wait);
    std::ranges::for_each(event.tokens, join_call);
    std::ranges::for_each(event.holding.tokens, join_call);
    std::ranges::for_each(event.holding.sections, join_call);
    join_call(event.holding.request);
    const bool plugs = event.kind == Kind::plug || event.kind == Kind::unplug;
    if (plugs) {
        plugged_ |= std::uint64_t{1} << event.loop.value;
    }
    // What was sent there before has returned: a loop does one thing at a time.
    if (plugs || (event.kind == Kind::send && (plugged_ >> event.loop.value & 1U) != 0)) {
        join(with, named(event.loop));
    }
    if (event.kind == Kind::begin && event.section_kind == ref::SectionKind::quiesce_all) {
        join_everything();
    }
}

void Islands::join_everything() {
    whole_ = true;
    for (Element element = 0; element < above_.size(); ++element) {
        join(everything, element);
    }
}

Islands::Element Islands::root(Element element) {
    while (above_.size() <= element) {
        above_.push_back(whole_ ? everything : above_.size());
        island_of_.push_back(no_island);
    }
    while (above_[element] != element) {
        above_[element] = above_[above_[element]];
        element = above_[element];
    }
    return element;
}

void Islands::join(Element one, Element other) {
    const Element above = root(one), below = root(other);
    if (above == below) {
        return;
    }
    above_[below] = above;
    const std::size_t joining = island_of_[below];
    if (joining == no_island) {
        return;
    }
    if (island_of_[above] == no_island) {
        island_of_[above] = joining;
        islands_[joining].root = above;
    } else {
        islands_[joining].gone = true;
        islands_[island_of_[above]].begins_anew = true;
    }
}

// An island, if it is not there.
void Islands::found(Element root) {
    if (island_of_[root] != no_island) {
        return;
    }
    if (used_ == islands_.size()) {
        islands_.emplace_back();
    }
    island_of_[root] = used_;
    Island& island = islands_[used_++];
    island.root = root;
    island.gone = false;
    island.begins_anew = true;
}

ref::State Islands::part_of_start(Element root_of_it) {
    ref::State state = start_;
    const auto elsewhere = [&](const auto& object) { return root(named(object.id)) != root_of_it; };
    std::erase_if(state.nodes, elsewhere);
    std::erase_if(state.backends, elsewhere);
    std::erase_if(state.groups, elsewhere);
    std::erase_if(state.edges,
                  [&](const ref::Edge& edge) { return root(named(edge.parent)) != root_of_it; });
    return state;
}

BlackBox::Verdict Islands::explain() {
    using Verdict = BlackBox::Verdict;
    for (; settled_on_ < history_.size(); ++settled_on_) {
        if (!concerns_all(history_[settled_on_])) {
            found(root(subject(history_[settled_on_])));
        }
    }
    Verdict verdict = Verdict::explained;
    for (std::size_t i = 0; i < used_ && refused_ == no_island; ++i) {
        Island& island = islands_[i];
        if (island.gone) {
            continue;
        }
        if (island.begins_anew) {
            island.box.start(part_of_start(island.root), settling_);
            island.told = 0;
            island.begins_anew = false;
        }
        for (; island.told < history_.size(); ++island.told) {
            const Seen& seen = history_[island.told];
            if (concerns_all(seen) || root(subject(seen)) == island.root) {
                island.box.see(seen);
            }
        }
        const Verdict of_it = island.box.explain();
        verdict = of_it == Verdict::given_up ? of_it : verdict;
        refused_ = of_it == Verdict::refused ? i : refused_;
    }
    return refused_ != no_island ? Verdict::refused : verdict;
}

Violation Islands::violation() const {
    Violation violation = islands_[refused_].box.violation();
    if (count() > 1) {
        violation.sentence += "; all this of one of the " + std::to_string(count()) +
                              " parts of the run that have nothing to do with each other";
    }
    return violation;
}

std::size_t Islands::count() const {
    return static_cast<std::size_t>(
        std::count_if(islands_.begin(), islands_.begin() + static_cast<std::ptrdiff_t>(used_),
                      [](const Island& island) { return !island.gone; }));
}

}  // namespace blkdrain_props
