// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Shared ownership of an object that counts its owners itself, through two functions found by its
// type: retain(T*) and release(T*), the last release destroying it. Copies may be used by different
// threads.
template <class T>
class Ref {
public:
    Ref() noexcept = default;

    // Takes part in the ownership of `object`; null is allowed.
    explicit Ref(T* object) noexcept : object_(object) {
        if (object_ != nullptr) {
            retain(object_);
        }
    }

    // Takes over one reference that the caller holds.
    static Ref adopt(T* object) noexcept {
        Ref ref;
        ref.object_ = object;
        return ref;
    }

    Ref(const Ref& other) noexcept : Ref(other.object_) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_ != nullptr) {
            release(object_);
        }
    }

    [[nodiscard]] T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

private:
    T* object_ = nullptr;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
