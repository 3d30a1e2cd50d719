// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {
namespace {

class Fingerprint {
public:
    template <class T>
    Fingerprint& operator<<(const T& value) {
        if constexpr (std::is_same_v<T, Holding>)
            return *this << value.sections << value.tokens << value.request;
        else if constexpr (requires { value.value; })
            return add(value.value);
        else if constexpr (requires { value.bits(); })
            return add(value.bits());
        else if constexpr (requires { value.size(); }) {
            add(value.size());
            for (const auto& element : value)
                *this << element;
            return *this;
        } else
            return add(static_cast<std::uint64_t>(value));
    }
    std::size_t result() const { return static_cast<std::size_t>(sum_ ^ (sum_ >> 29)); }

private:
    Fingerprint& add(std::uint64_t value) {
        sum_ = (sum_ ^ value ^ (sum_ >> 32)) * 0x9e3779b97f4a7c15u;
        return *this;
    }
    std::uint64_t sum_ = 1;
};

}  // namespace

std::size_t hash(const State& state) {
    Fingerprint sum;
    for (const Node& n : state.nodes)
        sum << n.id << n.loop << n.pinned << n.settle << n.settler << n.internal << n.children;
    for (const Backend& b : state.backends)
        sum << b.id << b.loop << b.pinned << b.listening << b.root << b.owed;
    for (const Request& r : state.requests)
        sum << r.id << r.backend << r.direction << r.token << r.loop << r.state << r.ever_admitted
            << r.cancelled;
    for (const Token& t : state.tokens)
        sum << t.id << t.backends << t.open << t.holding;
    for (const Section& s : state.sections)
        sum << s.id << s.kind << s.phase << s.abandoned << s.node << s.backend << s.set << s.op
            << s.other << s.edge << s.loop << s.closing << s.tokens << s.holding;
    for (const Wait& w : state.waits)
        sum << w.id << w.backend << w.section << w.holding << w.requests << w.tokens;
    return sum.result();
}

}  // namespace blkdrain_ref
