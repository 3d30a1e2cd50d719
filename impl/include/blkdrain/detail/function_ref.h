// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

template <class Signature>
class FunctionRef;

// A parameter type for "some callable", two pointers wide: no ownership, no allocation, never
// empty.
//
// Lifetime: refers to the callable it was made from, so it is for parameters that are used before
// the call returns and must not be kept. Binding it to a temporary lambda in a call expression is
// the intended use.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef> &&
                 !std::is_function_v<std::remove_reference_t<F>> &&
                 std::is_invocable_r_v<R, F&, Args...>)
    FunctionRef(F&& callable) noexcept  // implicit: made from any callable
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
          call_([](void* object, Args... args) -> R {
              return std::invoke(*static_cast<std::remove_reference_t<F>*>(object),
                                 std::forward<Args>(args)...);
          }) {}

    R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

private:
    void* object_;
    R (*call_)(void*, Args...);
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
